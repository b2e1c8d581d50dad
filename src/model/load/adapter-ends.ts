/** The tokens that end an answer by an adapter's own generation_config.json, which Plumbline saves with an adapter. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ModelConfig } from "../config.js";
import { readJson } from "../formats/json-fields.js";

/**
 * The configuration of a model with adapters, with the tokens that end an answer to each of them. Tokens without a row,
 * which are never sampled, are passed over.
 *
 * @throws PlumbError, which names the file and the field, if they are no ids.
 */
export async function withAdaptersEnds(
  config: ModelConfig,
  adapters: readonly string[],
): Promise<ModelConfig> {
  const eosIds = new Set(config.eosIds);
  for (const dir of adapters) {
    const path = join(dir, "generation_config.json");
    if (!existsSync(path)) continue;
    const ids = (await readJson(path)).ids("eos_token_id");
    for (const id of ids) if (id >= 0 && id < config.vocabSize) eosIds.add(id);
  }
  return eosIds.size === config.eosIds.length ? config : { ...config, eosIds: [...eosIds] };
}

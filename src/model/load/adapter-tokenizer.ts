/** The tokenizer and chat template that come with an adapter: those that it was trained with. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Notices } from "../../base/host.js";
import { loadChatTemplate, loadTokenizer, type Tokenizer, withChatTemplate } from "../../text/tokenizer.js";
import type { ModelConfig } from "../config.js";
import { checkTokenizer, withinRows } from "./checks.js";

/** Files of a tokenizer that only another program reads. */
const UNREAD = ["tokenizer.model", "vocab.json", "added_tokens.json"];

/**
 * The tokenizer of a model with adapters: the last one's that has its own, or the model's. An adapter's template
 * without a tokenizer.json goes with the tokenizer before it; its tokenizer without a template, with the template
 * before it.
 *
 * @param config of the model with its adapters, which may have more tokens.
 * @param notices is told where an adapter's differs from the model's, or cannot be read.
 * @throws PlumbError if a tokenizer is invalid, or most of its tokens have no row.
 */
export async function adaptersTokenizer(
  tokenizer: Tokenizer | undefined,
  adapters: readonly string[],
  config: ModelConfig,
  notices?: Pick<Notices, "warn">,
): Promise<Tokenizer | undefined> {
  let current = tokenizer;
  for (const dir of adapters) current = await adapterTokenizer(dir, current, config, notices);
  return current;
}

async function adapterTokenizer(
  dir: string,
  before: Tokenizer | undefined,
  config: ModelConfig,
  notices?: Pick<Notices, "warn">,
): Promise<Tokenizer | undefined> {
  const template = await loadChatTemplate(dir);
  if (existsSync(join(dir, "tokenizer.json"))) {
    const own = await loadTokenizer(dir);
    checkTokenizer(config, own, dir);
    const fitting = withinRows(config, own, dir);
    const inherited = template ?? before?.chatTemplate;
    const differs = before && differences(before, own, inherited);
    if (!differs) return before ?? fitting;
    notices?.warn(`${dir}: its own ${differs} is used, which differs from the model's`);
    return inherited === undefined || inherited === own.chatTemplate
      ? fitting
      : withChatTemplate(fitting, inherited);
  }
  const unread = UNREAD.find((name) => existsSync(join(dir, name)));
  if (unread !== undefined)
    notices?.warn(
      `${dir}: ${unread} is not read without a tokenizer.json; the model's own tokenizer is used`,
    );
  if (before === undefined || template === undefined || template === before.chatTemplate) return before;
  notices?.warn(`${dir}: its own chat template is used, which differs from the model's`);
  return withChatTemplate(before, template);
}

/** In which of both an adapter's tokenizer differs from the one before it; undefined: in neither. */
function differences(before: Tokenizer, own: Tokenizer, template: string | undefined): string | undefined {
  const ids = Math.max(before.vocabSize, own.vocabSize);
  let same = before.eosId === own.eosId && before.bosId === own.bosId;
  for (let id = 0; same && id < ids; id++) same = before.tokenOf(id) === own.tokenOf(id);
  const found = [!same && "tokenizer", template !== before.chatTemplate && "chat template"];
  return found.filter((one) => one !== false).join(" and ") || undefined;
}

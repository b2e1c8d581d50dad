/** Reads weights from a folder of safetensors: one file, or shards listed by an index. */
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { PlumbError } from "../../base/errors.js";
import type { ReadOptions } from "./random-access.js";
import { openSafetensors, type SafetensorsWeights } from "./safetensors.js";
import { repeatedKey } from "./safetensors-header.js";
import { joinedWeights } from "./weights.js";

export const MAX_SHARDS = 1024;
/** Larger indices are refused; that of a model of 400B parameters takes about 100 KB. */
const MAX_INDEX_BYTES = 32 * 1024 * 1024;

/**
 * Opens `<stem>.safetensors` of a folder, or the shards that `<stem>.safetensors.index.json` lists.
 *
 * @param stem "model" for models.
 * @throws PlumbError if there is neither, a shard is missing or invalid, or index and shards do not match.
 */
export async function openSafetensorsFolder(
  dir: string,
  stem: string,
  options?: ReadOptions,
): Promise<SafetensorsWeights> {
  const single = join(dir, `${stem}.safetensors`);
  if (existsSync(single)) return openSafetensors(single, options);
  const indexPath = join(dir, `${stem}.safetensors.index.json`);
  if (!existsSync(indexPath)) {
    throw new PlumbError(`${dir} has neither ${basename(single)} nor ${basename(indexPath)}.`, {
      hint: "Weights are read from safetensors. In Python, save_pretrained(...) writes it from other formats.",
    });
  }
  const shardOf = await readIndex(indexPath);
  const shards = [...new Set(shardOf.values())];
  if (shards.length > MAX_SHARDS) throw new PlumbError(`${indexPath} lists more than ${MAX_SHARDS} files.`);
  const missing = shards.filter((shard) => !existsSync(join(dir, shard)));
  if (missing.length > 0) {
    const others = missing.length > 1 ? ` (nor are ${missing.length - 1} more)` : "";
    throw new PlumbError(`${indexPath} lists ${missing[0]}, which is not there${others}.`, {
      hint: "The folder is not complete; fetch the model again.",
    });
  }
  return openShards(dir, indexPath, shardOf, shards, options);
}

/** Reads the index's weight_map: the file of each tensor, which must be a plain name within the folder. */
async function readIndex(indexPath: string): Promise<Map<string, string>> {
  const { size } = await stat(indexPath);
  if (size > MAX_INDEX_BYTES)
    throw new PlumbError(`${indexPath} has ${size} bytes; at most ${MAX_INDEX_BYTES} are read.`);
  const text = await readFile(indexPath, "utf8");
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (error) {
    throw new PlumbError(`${indexPath}: not valid JSON.`, { cause: error });
  }
  const map =
    typeof index === "object" && index !== null && "weight_map" in index ? index.weight_map : undefined;
  if (typeof map !== "object" || map === null) throw new PlumbError(`${indexPath} has no "weight_map".`);
  const twice = repeatedKey(text, 1) ?? repeatedKey(text, 2);
  if (twice !== undefined)
    throw new PlumbError(`${indexPath} names ${JSON.stringify(twice.slice(0, 64))} twice.`);
  const shardOf = new Map<string, string>();
  for (const [tensor, shard] of Object.entries<unknown>({ ...map })) {
    if (typeof shard !== "string" || !/^[\w.-]+\.safetensors$/.test(shard)) {
      throw new PlumbError(
        `${indexPath} lists ${JSON.stringify(shard)}; expected the name of a safetensors file in the same folder.`,
      );
    }
    shardOf.set(tensor, shard);
  }
  return shardOf;
}

async function openShards(
  dir: string,
  indexPath: string,
  shardOf: ReadonlyMap<string, string>,
  names: readonly string[],
  options: ReadOptions | undefined,
): Promise<SafetensorsWeights> {
  const shards: SafetensorsWeights[] = [];
  try {
    const owner = new Map<string, SafetensorsWeights>();
    for (const name of names) {
      const shard = await openSafetensors(join(dir, name), options);
      shards.push(shard);
      for (const tensor of shard.names()) {
        if (owner.has(tensor))
          throw new PlumbError(`${join(dir, name)}: the tensor ${tensor} is in another shard too.`);
        owner.set(tensor, shard);
      }
      for (const [tensor, place] of shardOf) {
        if (place !== name || shard.has(tensor)) continue;
        throw new PlumbError(`${indexPath} says that ${name} holds ${tensor}, which it does not.`, {
          hint: "Index and shards belong to different models, or one of them is damaged; fetch all again.",
        });
      }
    }
    const joined = joinedWeights(shards, owner, dir);
    return {
      ...joined,
      readInt8: async (name) => joined.find(name).readInt8(name),
      readUint8: async (name) => joined.find(name).readUint8(name),
    };
  } catch (error) {
    for (const shard of shards) await shard.close();
    throw error;
  }
}

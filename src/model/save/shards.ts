import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type FloatDtype,
  type SavedTensor,
  savedBytes,
  writeSafetensors,
} from "../formats/write-safetensors.js";

/** The limit that Hugging Face's libraries long had for one file: 5 GB. */
export const DEFAULT_MAX_SHARD_BYTES = 5e9;

/**
 * Writes `<stem>.safetensors` into a folder or, if the tensors take more than `maxShardBytes`, shards
 * `<stem>-00001-of-0000N.safetensors` with the index that transformers reads.
 *
 * @param maxShardBytes most bytes of tensors in a file; a larger tensor gets its own file.
 */
export async function writeSafetensorsFolder(
  dir: string,
  stem: string,
  tensors: ReadonlyMap<string, SavedTensor>,
  dtype: FloatDtype,
  maxShardBytes: number,
): Promise<void> {
  const shards = splitIntoShards(tensors, dtype, maxShardBytes);
  if (shards.length === 1) return writeSafetensors(join(dir, `${stem}.safetensors`), tensors, dtype);
  const weightMap: [string, string][] = [];
  let totalSize = 0;
  for (const [i, shard] of shards.entries()) {
    const file = `${stem}-${fiveDigits(i + 1)}-of-${fiveDigits(shards.length)}.safetensors`;
    await writeSafetensors(join(dir, file), shard, dtype);
    for (const [name, tensor] of shard) {
      weightMap.push([name, file]);
      totalSize += savedBytes(tensor, dtype);
    }
  }
  const index = { metadata: { total_size: totalSize }, weight_map: Object.fromEntries(weightMap) };
  await writeFile(join(dir, `${stem}.safetensors.index.json`), `${JSON.stringify(index, null, 2)}\n`);
}

const fiveDigits = (n: number): string => String(n).padStart(5, "0");

/** Splits tensors, in the order of their names, into shards with as many as fit; at least one shard. */
function splitIntoShards(
  tensors: ReadonlyMap<string, SavedTensor>,
  dtype: FloatDtype,
  maxShardBytes: number,
): Map<string, SavedTensor>[] {
  let shard = new Map<string, SavedTensor>();
  const shards = [shard];
  let filled = 0;
  for (const [name, tensor] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = savedBytes(tensor, dtype);
    if (shard.size > 0 && filled + bytes > maxShardBytes) {
      shard = new Map();
      shards.push(shard);
      filled = 0;
    }
    shard.set(name, tensor);
    filled += bytes;
  }
  return shards;
}

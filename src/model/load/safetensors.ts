/** Weights from safetensors files: one, or several listed by model.safetensors.index.json. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { PlumbError } from "../../errors.js";
import { bf16ToF32, f16ToF32Table } from "./half.js";
import { RandomAccessFile } from "./random-access.js";
import { headerLength, parseHeader, type SafetensorsEntry } from "./safetensors-header.js";
import { allocateF32, type OpenWeights, unknownTensor } from "./weights.js";

/** Elements of a 16-bit tensor converted at a time. */
const CONVERT_CHUNK = 4 * 1024 * 1024;
const MAX_SHARDS = 1024;

/** Opens one file. @throws PlumbError when it is missing or not sound. */
export async function openSafetensors(path: string): Promise<OpenWeights> {
  const file = await RandomAccessFile.open(path);
  try {
    if (file.size < 8)
      throw new PlumbError(`${path}: not a safetensors file: it has only ${file.size} bytes.`);
    const length = headerLength(await file.read(0, 8), file.size, path);
    const entries = parseHeader(await file.read(8, length), file.size, path);
    return safetensorsWeights(file, entries);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Opens `<stem>.safetensors` of a folder, or the shards that `<stem>.safetensors.index.json` lists.
 *
 * @param stem "model" for models.
 * @throws PlumbError when there is neither, or a shard is missing or not sound.
 */
export async function openSafetensorsFolder(dir: string, stem: string): Promise<OpenWeights> {
  const single = join(dir, `${stem}.safetensors`);
  if (existsSync(single)) return openSafetensors(single);
  const indexPath = join(dir, `${stem}.safetensors.index.json`);
  if (!existsSync(indexPath)) {
    throw new PlumbError(`${dir} has neither ${basename(single)} nor ${basename(indexPath)}.`, {
      hint: "Weights are read from safetensors. In Python, save_pretrained(...) writes it from other formats.",
    });
  }
  return openShards(dir, await readShardNames(indexPath));
}

/** The distinct files named by the index's weight_map, which must all be plain names within the folder. */
async function readShardNames(indexPath: string): Promise<string[]> {
  let index: unknown;
  try {
    index = JSON.parse(await readFile(indexPath, "utf8"));
  } catch (error) {
    throw new PlumbError(`${indexPath}: not valid JSON.`, { cause: error });
  }
  const map =
    typeof index === "object" && index !== null && "weight_map" in index ? index.weight_map : undefined;
  if (typeof map !== "object" || map === null) throw new PlumbError(`${indexPath} has no "weight_map".`);
  const names = [...new Set(Object.values(map))];
  if (names.length > MAX_SHARDS) throw new PlumbError(`${indexPath} lists more than ${MAX_SHARDS} files.`);
  return names.map((name: unknown) => {
    if (typeof name === "string" && /^[\w.-]+\.safetensors$/.test(name)) return name;
    throw new PlumbError(
      `${indexPath} lists ${JSON.stringify(name)}; expected the name of a safetensors file beside it.`,
    );
  });
}

async function openShards(dir: string, names: string[]): Promise<OpenWeights> {
  const shards: OpenWeights[] = [];
  const closeAll = async () => {
    for (const shard of shards) await shard.close();
  };
  try {
    const owner = new Map<string, OpenWeights>();
    for (const name of names) {
      const shard = await openSafetensors(join(dir, name));
      shards.push(shard);
      for (const tensor of shard.names()) {
        if (owner.has(tensor))
          throw new PlumbError(`${join(dir, name)}: the tensor ${tensor} is in another shard too.`);
        owner.set(tensor, shard);
      }
    }
    const find = (name: string) => owner.get(name) ?? unknownTensor(name, dir);
    return {
      names: () => [...owner.keys()],
      has: (name) => owner.has(name),
      shape: (name) => find(name).shape(name),
      dtype: (name) => find(name).dtype(name),
      read: async (name) => find(name).read(name),
      close: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function safetensorsWeights(file: RandomAccessFile, entries: Map<string, SafetensorsEntry>): OpenWeights {
  const find = (name: string) => entries.get(name) ?? unknownTensor(name, file.path);
  return {
    names: () => [...entries.keys()],
    has: (name) => entries.has(name),
    shape: (name) => [...find(name).shape],
    dtype: (name) => find(name).dtype,
    read: async (name) => readFloats(file, name, find(name)),
    close: () => file.close(),
  };
}

async function readFloats(
  file: RandomAccessFile,
  name: string,
  entry: SafetensorsEntry,
): Promise<Float32Array> {
  const { dtype, elements, offset } = entry;
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
    throw new PlumbError(`${file.path}: the tensor ${name} is stored as ${dtype}.`, {
      hint: "Weights are read from F32, F16 and BF16; save the model in one of them.",
    });
  }
  const out = allocateF32(elements);
  if (dtype === "F32") {
    await file.readInto(new Uint8Array(out.buffer), offset);
    return out;
  }
  for (let from = 0; from < elements; from += CONVERT_CHUNK) {
    const part = out.subarray(from, Math.min(elements, from + CONVERT_CHUNK));
    const bytes = await file.read(offset + 2 * from, 2 * part.length);
    if (dtype === "BF16") bf16ToF32(bytes, part);
    else f16ToF32(bytes, part);
  }
  return out;
}

function f16ToF32(bytes: Uint8Array, out: Float32Array): void {
  const table = f16ToF32Table();
  for (let i = 0; i < out.length; i++) out[i] = table[bytes[2 * i] | (bytes[2 * i + 1] << 8)];
}

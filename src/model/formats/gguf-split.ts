/**
 * GGUF in several files, as llama.cpp's gguf-split and ggml's Python package write it: NAME-00001-of-00003.gguf and so on.
 *
 * Each part says which it is (`split.no`, from 0), how many there are (`split.count`) and how many tensors all have
 * together (`split.tensors.count`). The metadata of the model stand in the first; each part has tensors of its own.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PlumbError } from "../../base/errors.js";
import { type GgufFile, openGguf } from "./gguf.js";
import type { ReadOptions } from "./random-access.js";
import { MAX_SHARDS } from "./safetensors-folder.js";
import { joinedWeights } from "./weights.js";

const NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;
const [NUMBER, COUNT, TENSORS] = ["split.no", "split.count", "split.tensors.count"];
/** Keys that a part has for itself. */
const OWN: readonly string[] = [NUMBER, COUNT, TENSORS, "general.alignment"];
const AGAIN = "Fetch all parts of the model again, or give one of a set that is complete.";

/** The path of the first part of the set that a file's name says it belongs to; undefined for a name of another form. */
export function firstPartOf(path: string): string | undefined {
  const [, stem, , count] = NAME.exec(basename(path)) ?? [];
  return stem === undefined ? undefined : join(dirname(path), `${stem}-00001-of-${count}.gguf`);
}

/**
 * Opens a GGUF file; of a model in several, all of them, whichever is named.
 *
 * @returns tensors of all parts under the metadata of the first, with the path of the first.
 * @throws PlumbError if a file is not valid or missing, or the parts do not belong together; no file stays open then.
 */
export async function openGgufParts(path: string, options?: ReadOptions): Promise<GgufFile> {
  const named = await openGguf(path, options);
  try {
    const { count } = splitOf(named);
    if (count === 1) return named;
  } catch (error) {
    await named.weights.close();
    throw error;
  }
  await named.weights.close();
  const parts: GgufFile[] = [];
  try {
    for (const part of partPaths(named)) parts.push(await openGguf(part, options));
    return joined(parts);
  } catch (error) {
    for (const { weights } of parts) await weights.close();
    throw error;
  }
}

interface Split {
  /** From 0. */
  number: number;
  count: number;
  /** Of all parts together. */
  tensors: number;
}

/** What a file says of the set that it belongs to; of a file that says nothing, that it is whole. */
function splitOf({ path, metadata, tensors }: GgufFile): Split {
  if (!metadata.has(COUNT)) return { number: 0, count: 1, tensors: tensors.size };
  const whole = (key: string, least: number, most: number): number => {
    const value = metadata.get(key);
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    const found = value === undefined ? "missing" : String(value).slice(0, 40);
    throw new PlumbError(
      `${path}: the metadata ${key} is ${found}; expected a number from ${least} to ${most}.`,
    );
  };
  const count = whole(COUNT, 0, MAX_SHARDS);
  // gguf-split merges into a file whose count is 0.
  if (count <= 1) return { number: 0, count: 1, tensors: tensors.size };
  return { number: whole(NUMBER, 0, count - 1), count, tensors: whole(TENSORS, 1, 2 ** 31 - 1) };
}

/** The paths of all parts, which must be there, beside the one that was named. */
function partPaths(named: GgufFile): string[] {
  const { number, count } = splitOf(named);
  const [, stem, inName, ofName] = NAME.exec(basename(named.path)) ?? [];
  const digits = (value: number): string => String(value).padStart(5, "0");
  if (stem === undefined || inName !== digits(number + 1) || ofName !== digits(count)) {
    throw new PlumbError(
      `${named.path} is part ${number + 1} of ${count} of a model, which its name does not say: the others cannot be found.`,
      { hint: `Give it back its name, which ends in -${digits(number + 1)}-of-${digits(count)}.gguf.` },
    );
  }
  const paths = Array.from({ length: count }, (_, i) =>
    join(dirname(named.path), `${stem}-${digits(i + 1)}-of-${ofName}.gguf`),
  );
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === 0) return paths;
  const others = missing.length > 1 ? ` (nor are ${missing.length - 1} more)` : "";
  throw new PlumbError(
    `${named.path} is part ${number + 1} of ${count}; ${missing[0]} is not there${others}.`,
    {
      hint: "Put all parts of the model into one folder.",
    },
  );
}

/** The parts as one file. @throws PlumbError if they are not the parts of one model, each in its place */
function joined(parts: readonly GgufFile[]): GgufFile {
  const [first] = parts;
  const owner = new Map<string, GgufFile>();
  for (const [i, part] of parts.entries()) {
    checkPart(part, i, first);
    for (const name of part.tensors.keys()) {
      const other = owner.get(name);
      if (other !== undefined)
        throw new PlumbError(`${part.path}: the tensor ${name} is in ${other.path} too.`, { hint: AGAIN });
      owner.set(name, part);
    }
  }
  const { tensors } = splitOf(first);
  if (owner.size !== tensors) {
    throw new PlumbError(
      `${first.path} says that its ${parts.length} parts have ${tensors} tensors; they have ${owner.size}.`,
      { hint: AGAIN },
    );
  }
  return {
    path: first.path,
    metadata: first.metadata,
    tensors: new Map(parts.flatMap((part) => [...part.tensors])),
    weights: joinedWeights(
      parts.map(({ weights }) => weights),
      new Map([...owner].map(([name, { weights }]) => [name, weights])),
      first.path,
    ),
  };
}

/** @throws PlumbError if a part says that it is another one, or of another set, or of another model */
function checkPart(part: GgufFile, index: number, first: GgufFile): void {
  const { number, count, tensors } = splitOf(part);
  const expected = splitOf(first);
  const wrong = (what: string): never => {
    throw new PlumbError(`${part.path}: ${what}; the files are not the parts of one model.`, { hint: AGAIN });
  };
  if (count !== expected.count) wrong(`it is one of ${count} parts, ${first.path} one of ${expected.count}`);
  if (number !== index) wrong(`it is part ${number + 1} of ${count}, not part ${index + 1}`);
  if (tensors !== expected.tensors)
    wrong(`its model has ${tensors} tensors, that of ${first.path} ${expected.tensors}`);
  for (const [key, value] of part.metadata) {
    if (OWN.includes(key)) continue;
    if (!first.metadata.has(key))
      wrong(`it has the metadata ${key.slice(0, 64)}, which ${first.path} has not`);
    if (shown(value) !== shown(first.metadata.get(key)))
      wrong(`its metadata ${key.slice(0, 64)} differ from those of ${first.path}`);
  }
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : one));

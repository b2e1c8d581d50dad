/** Reads objects of untrusted JSON files field by field, with a check of each type. */
import { readFile } from "node:fs/promises";
import { messageOf, PlumbError } from "../../base/errors.js";
import { systemCause } from "../../base/system-error.js";

/**
 * A JSON object with the path it came from. Its methods throw a PlumbError for a field of another type. It knows which
 * keys were asked for, so that a reader can refuse the others.
 */
export class JsonFields {
  private readonly fields: Map<string, unknown>;
  private readonly asked = new Set<string>();
  private readonly objects = new Map<string, JsonFields>();

  constructor(
    value: object,
    readonly path: string,
  ) {
    this.fields = new Map<string, unknown>(Object.entries(value));
  }

  /** The value; null counts as absent, because Python writes None as null. */
  get(key: string): unknown {
    this.asked.add(key);
    return this.fields.get(key) ?? undefined;
  }

  /**
   * Keys that hold something and were not asked for, of this object and of those that `object` returned (as
   * "outer.inner").
   */
  unread(): string[] {
    return [...this.fields].flatMap(([key, value]) => {
      if (value === null || this.asked.has(key)) return [];
      const within = this.objects.get(key);
      return within === undefined ? [key] : within.unread().map((inner) => `${key}.${inner}`);
    });
  }

  /** The value under "outer.inner" of objects that `object` returned, or under a plain key. */
  at(key: string): unknown {
    for (const [outer, fields] of this.objects)
      if (key.startsWith(`${outer}.`)) return fields.at(key.slice(outer.length + 1));
    return this.fields.get(key);
  }

  get size(): number {
    return this.fields.size;
  }

  keys(): string[] {
    return [...this.fields.keys()];
  }

  /** All fields as they were written, for a schema. */
  all(): Record<string, unknown> {
    return Object.fromEntries(this.fields);
  }

  /** Whether the key is present, even as null. */
  has(key: string): boolean {
    return this.fields.has(key);
  }

  number(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.wrong(key, "a number");
  }

  /** An optional number; the fallback applies only if the key is absent, not if it is null. */
  optionalNumber(key: string, fallback?: number): number | undefined {
    if (!this.has(key)) return fallback;
    return this.get(key) === undefined ? undefined : this.number(key);
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.wrong(key, "true or false");
  }

  /**
   * The object under the key, of which only the keys that are asked of it count as read.
   * @param defaults keys that it has where it does not state them.
   */
  object(key: string, defaults?: object): JsonFields | undefined {
    const known = this.objects.get(key);
    if (known !== undefined) return known;
    const value = this.fields.get(key) ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) throw this.wrong(key, "an object");
    const fields = new JsonFields({ ...defaults, ...value }, this.path);
    this.objects.set(key, fields);
    return fields;
  }

  /** Token ids, written as one number or a list. */
  ids(key: string): number[] {
    const value = this.get(key) ?? [];
    const ids: unknown[] = Array.isArray(value) ? value : [value];
    return ids.map((id) => {
      if (typeof id === "number" && Number.isInteger(id)) return id;
      throw this.wrong(key, "a token id or a list of them");
    });
  }

  /** Numbers of a list. */
  numbers(key: string): number[] {
    const value = this.get(key);
    const numbers: unknown[] = Array.isArray(value) ? value : [undefined];
    return numbers.map((entry) => {
      if (typeof entry === "number" && Number.isFinite(entry)) return entry;
      throw this.wrong(key, "a list of numbers");
    });
  }

  wrong(key: string, expected: string): PlumbError {
    const value = this.get(key);
    const found = value === undefined ? "missing" : JSON.stringify(value).slice(0, 60);
    return new PlumbError(`${this.path}: "${key}" is ${found}; expected ${expected}.`);
  }
}

/** Larger files are refused: a configuration takes a few kilobytes. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** Reads a file that holds one JSON object. @throws PlumbError if it is missing, too large or malformed. */
export async function readJson(path: string): Promise<JsonFields> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const why = systemCause(error, path)?.why;
    throw new PlumbError(`${path} cannot be read${why === undefined ? "" : `: ${why}`}.`, {
      hint: "A model folder has config.json, model.safetensors and tokenizer.json.",
      cause: error,
    });
  }
  if (text.length > MAX_CONFIG_BYTES)
    throw new PlumbError(`${path} is larger than ${MAX_CONFIG_BYTES} bytes.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = messageOf(error);
    throw new PlumbError(`${path}: not valid JSON: ${why}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PlumbError(`${path}: expected a JSON object.`);
  }
  return new JsonFields(value, path);
}

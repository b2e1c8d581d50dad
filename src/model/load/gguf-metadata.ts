/** Typed access to the metadata of a GGUF file's architecture. */
import { PlumbError } from "../../base/errors.js";
import type { GgufFile, GgufValue } from "../formats/gguf.js";

/** The shortest decimal that a float32 represents: 1.1, not 1.100000023841858. */
export function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Typed access to "<architecture>.<key>". */
export class Metadata {
  constructor(
    readonly file: GgufFile,
    private readonly architecture: string,
  ) {}

  private readonly asked = new Set<string>();

  private value(key: string): GgufValue | undefined {
    this.asked.add(key);
    return this.file.metadata.get(`${this.architecture}.${key}`);
  }

  private wrong(key: string, expected: string): never {
    const value = this.value(key);
    const found = value === undefined ? "missing" : `${String(value).slice(0, 40)}`;
    throw new PlumbError(
      `${this.file.path}: the metadata ${this.architecture}.${key} is ${found}; expected ${expected}.`,
    );
  }

  /** Keys of the architecture that were not asked for. */
  unread(): string[] {
    const own = `${this.architecture}.`;
    return [...this.file.metadata.keys()]
      .filter((key) => key.startsWith(own))
      .map((key) => key.slice(own.length))
      .filter((key) => !this.asked.has(key));
  }

  integer(key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback;
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) {
      return this.wrong(key, "a whole number");
    }
    return number;
  }

  /** A float32, as the shortest decimal that represents it (1e-5, not 9.999999747378752e-6). */
  real(key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
      return this.wrong(key, "a positive number");
    return shortest(value);
  }

  /** Any number. */
  optionalNumber(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    return this.wrong(key, "a number");
  }

  optionalReal(key: string): number | undefined {
    return this.value(key) === undefined ? undefined : this.real(key);
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.value(key) ?? fallback;
    return typeof value === "boolean" ? value : this.wrong(key, "true or false");
  }

  /** A list of as many booleans. */
  optionalFlags(key: string, count: number): boolean[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const flags: unknown[] = Array.isArray(value) ? value : [];
    if (flags.length !== count) return this.wrong(key, `${count} times true or false`);
    return flags.map((flag) => (typeof flag === "boolean" ? flag : this.wrong(key, "true or false")));
  }

  text(key: string, fallback: string): string {
    const value = this.value(key) ?? fallback;
    return typeof value === "string" ? value : this.wrong(key, "a text");
  }
}

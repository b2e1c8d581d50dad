import { PlumbError } from "./errors.js";

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** A size in bytes, from Hugging Face's notation ("5GB", "500MB", "2GiB"). @throws PlumbError if it cannot be read. */
export function parseByteSize(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit?.toUpperCase()] ?? Number.NaN));
  if (bytes >= 1) return bytes;
  throw new PlumbError(`${JSON.stringify(text)} is not a size`, {
    hint: "Write a number and a unit: 5GB, 500MB or 2GiB.",
    exitCode: 2,
  });
}

/** Where the examples' data is, whatever the current folder. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @returns the path of a file of examples/data, beside this file or, compiled, beside the folder that it is in. */
export function dataFile(name: string): string {
  const beside = fileURLToPath(new URL(`./data/${name}`, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../data/${name}`, import.meta.url));
}

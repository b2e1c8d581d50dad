/** Where the examples' data is, whatever the current folder. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Folders of the data from that of this file, or of what it is compiled to: examples, examples/dist, or one beside
 * examples.
 */
const FOLDERS = ["./data", "../data", "../examples/data"];

/** @returns the path of a file of examples/data. */
export function dataFile(name: string): string {
  const paths = FOLDERS.map((folder) => fileURLToPath(new URL(`${folder}/${name}`, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`there is no ${name} in any of ${FOLDERS.join(", ")}`);
  return found;
}

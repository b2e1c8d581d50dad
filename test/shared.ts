/**
 * Files that are not part of the repository (an open-weight model, public data sets). Tests that use one are
 * skipped, saying so, where it is missing.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = process.env.PLUMB_SHARED ?? fileURLToPath(new URL("../../shared/", import.meta.url));

/** The path of a shared file, for example "models/x.gguf", or undefined where it is missing. */
export function sharedFile(name: string): string | undefined {
  const path = `${root.replace(/\/$/, "")}/${name}`;
  if (existsSync(path)) return path;
  console.warn(`skipping tests that need ${name}: set PLUMB_SHARED to the folder that holds it`);
  return undefined;
}

/** SmolLM2-135M-Instruct, quantised to Q4_1, with its tokenizer and chat template inside. */
export const smolLm = (): string | undefined => sharedFile("models/SmolLM2-135M-Instruct.Q4_1.gguf");

/**
 * The ids that llama.cpp makes of the texts in FOLDER/vocabulary.json with each FOLDER/NAME.gguf, which
 * pre_tokenizers.py wrote. Run it where node-llama-cpp is installed:
 *
 *   node pre_tokenizers.mjs FOLDER > ids.json
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder] = process.argv.slice(2);
const from = createRequire(path.join(process.cwd(), "package.json"));
const { getLlama } = await import(pathToFileURL(from.resolve("node-llama-cpp")).href);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error" });
const vocabulary = JSON.parse(readFileSync(path.join(folder, "vocabulary.json"), "utf8"));
const ids = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith(".gguf"))) {
  const name = file.slice(0, -".gguf".length);
  try {
    const model = await llama.loadModel({ modelPath: path.join(folder, file) });
    ids[name] = vocabulary.texts.map((text) => [...model.tokenize(text)]);
    await model.dispose();
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(JSON.stringify({ ...vocabulary, ids }));
process.exit(0);

/** What `plumb sft` does, from a program: a run with checkpoints, a result and a saved model, told of its progress. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "plumbline/open";
import { sftMethod, type TrainingHost, train } from "plumbline/train";
import { dataFile } from "./data-file.js";
import { tinyModel } from "./tiny-model.js";

const host: TrainingHost = {
  runtime: createRuntime(),
  signal: new AbortController().signal,
  info: (message) => console.log(message),
  warn: (message) => console.warn(message),
  progress: ({ total, unit }) => ({
    update: () => {},
    end: () => console.log(`${total} ${unit} done`),
  }),
  interrupted: (run) => console.log(`${run} can be resumed`),
};
const settings = sftMethod.schema.parse({
  model: process.argv[2] ?? (await tinyModel()),
  data: [dataFile("demonstrations.jsonl")],
  lora: { r: 4 },
  runs: mkdtempSync(join(tmpdir(), "plumbline-runs-")),
});
const result = await train(sftMethod, settings, host);
console.log(result?.demonstrations, "demonstrations; the adapter is in", result?.model);

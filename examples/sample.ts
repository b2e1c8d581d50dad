/** Opens a model and samples several answers to a question. */
import { samplingSchema } from "plumbline/generate";
import { createRuntime, generatorOf, openNetwork, tokenizerOf } from "plumbline/open";
import { chatIds } from "plumbline/text";
import { tinyModel } from "./tiny-model.js";

const runtime = createRuntime();
const opened = await openNetwork(runtime, process.argv[2] ?? (await tinyModel()));
const ids = chatIds(tokenizerOf(opened), [{ role: "user", content: "What colour is the fox?" }], {
  addGenerationPrompt: true,
});
const sampling = samplingSchema.parse({ maxNewTokens: 16, temperature: 0.7, seed: 1 });
const completions = await generatorOf(runtime, opened).generate([ids, ids, ids], sampling);
for (const { text, finishReason } of completions) console.log(finishReason, JSON.stringify(text));

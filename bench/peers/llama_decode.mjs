// A decoding step of llama.cpp through node-llama-cpp, batch 1. It is not a dependency of Plumbline; to install it:
//
//   npm install --prefix bench/peers --no-save --ignore-scripts node-llama-cpp@3.22.1
//
// PLUMB_Q8_GGUF names the model in Q8_0; make_q8_gguf.py makes it from another GGUF file.
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";

const { promptTokens, newTokens, threads } = JSON.parse(process.argv[2]);
const say = (reply) => process.stdout.write(`${JSON.stringify(reply)}\n`);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

const library = await import("node-llama-cpp").catch((error) => error);
const modelPath = process.env.PLUMB_Q8_GGUF;
if (library instanceof Error) say({ skip: "node-llama-cpp is not installed" });
else if (!modelPath || !existsSync(modelPath)) say({ skip: "PLUMB_Q8_GGUF names no file" });
else await serve(library);
process.exit(0);

async function serve({ getLlama, LlamaLogLevel }) {
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: promptTokens + newTokens + 16, threads });
  const sequence = context.getSequence();
  const prompt = Array.from({ length: promptTokens }, (_, i) => 3 + ((i * 7919) % 49149));
  say({ ready: "node-llama-cpp" });
  for await (const _ of createInterface({ input: process.stdin })) {
    await sequence.clearHistory();
    const times = [];
    const options = { temperature: 1, topK: 0, topP: 1, minP: 0, yieldEogToken: true };
    for await (const _token of sequence.evaluate(prompt, options)) {
      times.push(performance.now());
      if (times.length === newTokens) break;
    }
    say({ milliseconds: median(times.slice(1).map((time, i) => time - times[i])) });
  }
}

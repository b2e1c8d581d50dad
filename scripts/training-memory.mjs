// Peak memory of a process that makes two training steps, measured and predicted, in bytes as JSON.
//
//   node scripts/training-memory.mjs '{"kind":"lora","rows":8,"length":128,"recompute":true,"config":{"layers":4}}'
//
// The model has SmolLM2-135M's shape, except for what `config` changes; its weights are random.
import { SMOLLM2_135M } from "../dist/bench/shapes.js";
import { TrainingStep } from "../dist/bench/steps.js";
import { randomWeights } from "../dist/model/create.js";
import { expectedWeights } from "../dist/model/weight-names.js";
import { CountingRuntime } from "../dist/runtime/counting-runtime.js";
import { OrtRuntime } from "../dist/runtime/ort/index.js";

const { kind, rows, length, recompute, config: changes } = JSON.parse(process.argv[2]);
const config = { ...SMOLLM2_135M, ...changes };
const stepOn = (runtime, weights) => new TrainingStep(runtime, config, weights, kind, rows, length, { recompute });

const runtime = new OrtRuntime({ threads: 1 });
const weights = randomWeights(runtime, config, 0);
const loaded = process.memoryUsage.rss();
const step = stepOn(runtime, weights);
for (let i = 0; i < 2; i++) await step.run();
const measured = process.resourceUsage().maxRSS * 1024;

// Counting comes last, so that it does not affect the measurement.
const counting = new CountingRuntime();
const nothing = new Float32Array(0);
const shapes = [...expectedWeights(config)].map(([name, shape]) => [name, counting.adopt("f32", shape, nothing)]);
await stepOn(counting, new Map(shapes)).run();
const { peakBytes: predicted, activationBytes, packedBytes, bufferBytes, nodes } = counting;
console.log(
  JSON.stringify({ loaded, measured, predicted, activationBytes, packedBytes, bufferBytes, nodes }),
);
process.exit(0);

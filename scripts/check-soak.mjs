// A day of changing programs in miniature: each is traced, compiled, run and released, or left for the runtime to
// evict, in shapes that never repeat, over weights that are replaced now and then. Memory must return to its level
// after a warm-up.
//
//   npm run check:soak              2,000 programs
//   npm run check:soak -- 50000     another number
//
// V8's young generation is kept small (see package.json), as its growth would hide what the runtime leaves behind.
import { OrtRuntime } from "../dist/runtime/ort/index.js";
import { RandomStream } from "../dist/base/random.js";
import { add, gradients, matmul, softmax, square, sum, trace } from "../dist/tensor/index.js";

const programs = Number(process.argv[2] ?? 2000);
const warmUp = Math.min(500, Math.floor(programs / 40) * 20);
/** Largest allowed growth of memory after the warm-up, as a factor. */
const BAR = 1.1;
const WIDTH = 128;
const LAYERS = 4;
const MAX_ROWS = 2000;
const REPLACE_WEIGHTS = 20;
/** The runtime returns free memory about a second after a program was released. */
const SETTLE_MILLISECONDS = 1500;

const runtime = new OrtRuntime({ maxPrograms: 16 });
const random = new RandomStream(1, "soak");
const matrix = { shape: [WIDTH, WIDTH], dtype: "f32" };
const layers = Array.from({ length: LAYERS }, (_, i) => `layer${i}`);

const newWeights = () =>
  new Map(layers.map((name) => [name, runtime.buffer("f32", matrix.shape, random.fillNormal(new Float32Array(WIDTH ** 2), 0.05))]));

/** Inference over frozen weights, or a loss and its gradients. */
function newProgram(i, rows, columns) {
  const inputs = {
    x: { shape: [rows, WIDTH], dtype: "f32" },
    head: { shape: [WIDTH, columns], dtype: "f32" },
    ...Object.fromEntries(layers.map((name) => [name, { ...matrix, frozen: true }])),
  };
  return trace(`soak-${i}`, inputs, (x) => {
    const hidden = layers.reduce((h, name) => add(h, matmul(h, x[name], { transB: true })), x.x);
    const y = softmax(matmul(hidden, x.head));
    if (i % 3 > 0) return { y };
    const loss = sum(square(y));
    const [gradient] = gradients(loss, [x.head]);
    return { loss, gradient };
  });
}

/**
 * MB of the process after garbage collection and a trim of the heap. A trim that was already due can run before the
 * collector has freed the last arrays, and none would follow it, so a small program is released after the collection to
 * request one more.
 */
async function memory() {
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
  const small = { x: { shape: [1, 1], dtype: "f32" } };
  runtime.compile(trace("soak-settle", small, ({ x }) => ({ y: add(x, x) })), new Map()).release();
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
  return process.memoryUsage.rss() / 1e6;
}

let weights = newWeights();
let kept = [];
let start = 0;
const started = performance.now();
for (let i = 0; i < programs; i++) {
  if (i % REPLACE_WEIGHTS === 0) {
    for (const executable of kept) executable.release();
    for (const buffer of weights.values()) buffer.release();
    kept = [];
    if (i === warmUp) start = await memory();
    weights = newWeights();
  }
  const [rows, columns] = [1 + random.int(MAX_ROWS), 1 + random.int(200)];
  const executable = runtime.compile(newProgram(i, rows, columns), weights);
  const outputs = await executable.run({ x: new Float32Array(rows * WIDTH).fill(1), head: new Float32Array(WIDTH * columns) });
  const [values] = Object.values(outputs);
  if (!values.every(Number.isFinite)) throw new Error(`program ${i} gave what is not finite`);
  if (i % 2 === 0) executable.release();
  else kept.push(executable);
}
for (const executable of kept) executable.release();
for (const buffer of weights.values()) buffer.release();
const end = await memory();
const met = end <= BAR * start;
console.log(
  `${met ? "ok     " : "NOT MET"}  ${programs} programs in ${((performance.now() - started) / 1000).toFixed(0)} s: ` +
    `${start.toFixed(0)} MB after ${warmUp}, ${end.toFixed(0)} MB at the end`,
);
process.exitCode = met ? 0 : 1;

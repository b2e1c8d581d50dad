/** Steps over long vectors that run the programs on one piece after another. */
import { elementCount } from "../base/element-count.js";
import type { CompiledStep, DeviceBuffer, Runtime, StepProgram } from "./runtime.js";

interface Piece {
  part: number;
  views: Readonly<Record<string, DeviceBuffer>>;
}

/** `Runtime.compileStep` for a runtime that compiles programs. @param most elements per piece. */
export function stepInPieces(
  runtime: Pick<Runtime, "compile">,
  { measure, update }: StepProgram,
  vectors: Readonly<Record<string, DeviceBuffer>>,
  parts: readonly number[],
  most: number,
): CompiledStep {
  const total = parts.reduce((a, b) => a + b, 0);
  for (const [name, { shape }] of Object.entries(vectors)) {
    if (elementCount(shape) === total) continue;
    throw new Error(
      `program ${update.name}: "${name}" has ${elementCount(shape)} elements, its parts ${total}`,
    );
  }
  const pieces: Piece[] = [];
  let from = 0;
  for (const [part, length] of parts.entries()) {
    for (let start = from; start < from + length; start += most) {
      const shape = [Math.min(most, from + length - start)];
      const views = Object.entries(vectors).map(([name, whole]) => [name, whole.view(shape, start)]);
      pieces.push({ part, views: Object.fromEntries(views) });
    }
    from += length;
  }
  const given = (names: Iterable<string>, feeds: Piece["views"]): Piece["views"] =>
    Object.fromEntries([...names].flatMap((name) => (feeds[name] ? [[name, feeds[name]]] : [])));

  return {
    run: async (scalarsOf) => {
      const sums: Record<string, number> = {};
      for (const name of measure.outputs.keys()) sums[name] = 0;
      const measuring = runtime.compile(measure);
      for (const { views } of pieces) {
        const found = await measuring.run(given(measure.inputs.keys(), views));
        for (const name of Object.keys(sums)) sums[name] += Number(found[name][0]);
      }
      const scalars = scalarsOf(sums).map((values) =>
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Float32Array.of(value)])),
      );
      const updating = runtime.compile(update);
      for (const { part, views } of pieces)
        await updating.run({ ...scalars[part], ...given(update.inputs.keys(), views) });
    },
  };
}

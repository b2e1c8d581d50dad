import { isNodeOf, type Program, topologicalOrder } from "../../tensor/index.js";

/** A product of so many rows packs its second factor while it runs in 3 to 5% of its time. */
const MANY_ROWS = 512;

/**
 * Names of the frozen weights that are to be constants of the compiled program. ONNX Runtime keeps a packed copy of each
 * constant matrix for each way in which it is multiplied, as large as the matrix itself. Products of few rows are two to
 * three times as fast with it; matrices that are only multiplied with many rows at a time are no constants, and have none.
 */
export function constantWeights(program: Program): Set<string> {
  const constants = new Set(program.frozen);
  const fewRows = new Set<string>();
  for (const { op, inputs, outputs } of topologicalOrder(program.outputs.values())) {
    if (op.name !== "matmul") continue;
    const weight = inputs[1].node;
    if (!isNodeOf(weight, "input")) continue;
    const { name } = weight.attributes;
    const [rows] = outputs[0].shape;
    if (outputs[0].rank === 2 && typeof rows === "number" && rows >= MANY_ROWS) constants.delete(name);
    else if (program.frozen.has(name)) fewRows.add(name);
  }
  return new Set([...constants, ...fewRows]);
}

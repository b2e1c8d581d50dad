import { isNodeOf, type Program, topologicalOrder } from "../../tensor/index.js";

/** With at least this many rows, packing the second factor during the product takes 3 to 5% of its time. */
const MANY_ROWS = 512;

/**
 * Names of the frozen weights that become constants of the compiled program. ONNX Runtime keeps a packed copy of each
 * constant matrix for each way in which it is multiplied, as large as the matrix itself. This makes products of few
 * rows two to three times as fast. Matrices that are only multiplied with many rows at a time are not constants, and
 * have no copy.
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

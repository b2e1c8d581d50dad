import { PlumbError } from "../../base/errors.js";
import { type Node, type Program, type Tensor, topologicalOrder } from "../../tensor/index.js";
import type { OpName } from "../../tensor/op-names.js";

/** Operations that may write their output over an input of the same shape: they read each element before writing it. */
export const WRITES_OVER_INPUT: ReadonlySet<OpName> = new Set<OpName>([
  "add",
  "sub",
  "mul",
  "div",
  "maximum",
  "minimum",
  "neg",
  "exp",
  "log",
  "sqrt",
  "reciprocal",
  "abs",
  "sigmoid",
  "tanh",
  "softplus",
  "cachedAttention",
]);

/** Operations whose output may share its input's memory. */
const SHARES_MEMORY: ReadonlySet<OpName> = new Set<OpName>([
  "reshape",
  "stopGradient",
  "recomputed",
  "controlDependency",
  "sequenced",
]);

/** The tensor in whose memory a tensor lies, where the operations named in `sharing` give on their input's. */
export function memoryRoot(tensor: Tensor, sharing: ReadonlySet<OpName>): Tensor {
  let root = tensor;
  while (sharing.has(root.node.op.name)) root = root.node.inputs[root.index];
  return root;
}
const memoryOf = (tensor: Tensor): Tensor => memoryRoot(tensor, SHARES_MEMORY);

/**
 * Checks that no order of execution can read an input after it was updated in place: exactly one operation reads it,
 * the new value depends on that operation, and if that operation itself writes the new value, it may write over its
 * input.
 */
export function checkInPlace(program: Program): void {
  const updated = [...program.inputs].filter(([name]) => program.outputs.has(name));
  if (updated.length === 0) return;
  const readers = readersByMemory(program);
  for (const [name, input] of updated) {
    const refuse = (why: string): never => {
      throw new PlumbError(`program ${program.name}: the input "${name}" is updated in place, but ${why}`);
    };
    const target = memoryOf(program.outputs.get(name) as Tensor);
    if (program.frozen.has(name)) refuse("it is frozen");
    const copy = [...program.outputs].find(([other, tensor]) => other !== name && memoryOf(tensor) === input);
    if (copy) refuse(`its old value is also the output "${copy[0]}"`);
    if (target === input) continue;
    const [reader, second] = readers.get(input) ?? [];
    if (second)
      refuse(
        `it is read by several operations (${reader.op.name}, ${second.op.name}): one may come too late`,
      );
    if (!reader || (reader !== target.node && !topologicalOrder([target]).includes(reader))) {
      refuse("its new value does not depend on the operation that reads it, which may come too late");
    }
    if (target.node === reader && !WRITES_OVER_INPUT.has(reader.op.name)) {
      refuse(`${reader.op.name} cannot write over its own input`);
    }
  }
}

function readersByMemory(program: Program): Map<Tensor, Node[]> {
  const readers = new Map<Tensor, Node[]>();
  for (const node of topologicalOrder(program.outputs.values())) {
    if (SHARES_MEMORY.has(node.op.name)) continue;
    for (const memory of new Set(node.inputs.map(memoryOf)))
      readers.set(memory, [...(readers.get(memory) ?? []), node]);
  }
  return readers;
}

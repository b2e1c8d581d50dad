/** Layers as pure functions over tensors: linear with LoRA, rotary tables, attention. */
export {
  type AttentionShape,
  attention,
  causalBias,
  type RotaryPositions,
  rowBias,
  softCapped,
} from "./attention.js";
export { blockBias, blockwiseAttention, WHOLE_LENGTH } from "./blockwise-attention.js";
export {
  dividedInput,
  dividedOutput,
  embedding,
  inputMajorProduct,
  int8Names,
  linear,
  type Parameters,
  parameter,
  rowsLessExpected,
  weightProduct,
} from "./linear.js";
export { type RopeScaling, ropeTables, rotaryFrequencies } from "./rope.js";

/** Layers as pure functions over tensors: linear with LoRA, rotary tables, attention. */
export {
  type AttentionShape,
  attention,
  causalBias,
  type RotaryPositions,
  segmentBias,
  softCapped,
} from "./attention.js";
export { linear, type Parameters, parameter } from "./linear.js";
export { type RopeScaling, ropeTables } from "./rope.js";

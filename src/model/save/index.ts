/** Saves models and adapters in the formats of Hugging Face's libraries. */

export {
  type FloatDtype,
  type Int8Pieces,
  type SavedTensor,
  type TensorData,
  type TensorPieces,
  writeSafetensors,
} from "../formats/write-safetensors.js";
export { generationFile, saveHuggingFace } from "./huggingface.js";
export { type PeftSaveConfig, savePeft } from "./peft.js";
export { DEFAULT_MAX_SHARD_BYTES } from "./shards.js";

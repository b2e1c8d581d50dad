/** Saving models and adapters in the formats of Hugging Face's libraries. */
export { saveHuggingFace } from "./huggingface.js";
export { type PeftSaveConfig, savePeft } from "./peft.js";
export { type FloatDtype, type TensorData, writeSafetensors } from "./safetensors.js";

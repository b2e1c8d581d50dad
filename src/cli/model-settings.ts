/** Settings that every command which opens a model has. */
import { z } from "zod";

export const modelSetting = z
  .string()
  .min(1)
  .describe("a .gguf file, a Hugging Face folder or hf:owner/name");

export const adapterSetting = z
  .array(z.string().min(1))
  .max(16)
  .default([])
  .describe("PEFT adapter folders, applied one on another");

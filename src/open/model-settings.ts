/** Settings of every command that opens a model. */
import { z } from "zod";
import { inGroup } from "../base/setting-groups.js";
import { DEFAULT_TEMPLATE_DATE } from "../text/index.js";

const opened = inGroup("files", {
  model: z.string().min(1).describe("a .gguf file, a Hugging Face folder or hf:owner/name"),
  adapter: z
    .array(z.string().min(1))
    .max(16)
    .default([])
    .describe("PEFT adapter folders, applied in this order"),
});
export const modelSetting = opened.model;
export const adapterSetting = opened.adapter;

/** Whether a model gets rows for tokens that were added to its tokenizer alone. */
export const resizeSetting = z
  .boolean()
  .default(false)
  .describe("add a row, the mean of the others, for each token of the tokenizer that has none in the model");

/** What the models' chat templates are told beside the conversations. */
export const chatSettings = inGroup("files", {
  templateVars: z
    .record(z.string(), z.json())
    .default({})
    .describe("variables of the chat template, such as {enable_thinking: false}"),
  templateDate: z.iso
    .date()
    .default(DEFAULT_TEMPLATE_DATE)
    .describe("the day that chat templates are told, so that a run can be repeated on another"),
});
/** What commands are told of chat templates, with the defaults filled in. */
export type ChatTemplateSettings = z.output<z.ZodObject<typeof chatSettings>>;

/** Settings of commands whose base may be in 8 bits. */
export const baseSettings = inGroup("memory", {
  base: z
    .enum(["f32", "int8", "auto"])
    .optional()
    .describe(
      "the frozen weights: exact, in 8 bits, or in 8 bits if the processor is made for it and the error stays within --base-error; default: as the model is stored",
    ),
  baseError: z.number().positive().default(0.01).describe("most KL per token, in nats, that 8 bits may cost"),
});

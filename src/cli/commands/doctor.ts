import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { examinationSchema, examine } from "../../doctor/index.js";
import { checkRecipe } from "../check-recipe.js";
import { defineCommand } from "../command.js";
import { findingLines } from "../finding-lines.js";

const schema = examinationSchema.extend({
  recipe: z
    .string()
    .min(1)
    .optional()
    .describe(
      "also check this recipe: its settings, the files it names, the memory and time that it will take",
    ),
});

export default defineCommand({
  description:
    "Checks that this machine can do the work: Node, the native library and its numbers, threads, memory, speed of " +
    "matrix products, 8-bit products, the disk; and, where given, a model and a recipe. Says what to do about each problem, and " +
    "exits with 1 when a check fails.",
  examples: [
    { command: "plumb doctor", does: "check the machine" },
    { command: "plumb doctor --model model.gguf", does: "also a model with its tokenizer" },
    { command: "plumb doctor --model model.gguf --int8 --data pairs.jsonl", does: "also the cost of 8 bits" },
    { command: "plumb doctor recipes/smollm2-hh.yaml --json", does: "also a recipe; JSON on stdout" },
  ],
  schema,
  positional: "recipe",
  async run({ ui, commands }, { recipe, ...config }) {
    const { findings, runtime } = await examine(config, ui);
    if (recipe !== undefined) findings.push(...(await checkRecipe(recipe, commands, runtime)));
    const failed = findings.filter(({ status }) => status === "fail").map(({ check }) => check);
    await ui.result({ ok: failed.length === 0, findings }, () => findingLines(findings));
    if (failed.length > 0) throw new PlumbError(`failed: ${failed.join(", ")}`);
  },
});

/** Configuration of the assistant world: the shares of each kind of text in the corpus and the demonstrations. */
import { z } from "zod";
import { shares } from "../../base/shares.js";
import { CONTENTS, MANNERS } from "./render.js";

export const CORPUS_KINDS = ["facts", "instructions", "dialogues", "norms", "remarks"] as const;

export const DemonstrationConfig = z.object({
  kinds: shares(["benign", "alarming", "harmful"])
    .default({ benign: 0.5, alarming: 0.2, harmful: 0.3 })
    .describe("Relative share of each kind of prompt among the demonstrations."),
  benign: shares(CONTENTS)
    .default({
      correct: 0.58,
      incomplete: 0.16,
      incorrect: 0.19,
      refusal: 0.04,
      refusalWithAlternative: 0.02,
      unsafe: 0.01,
    })
    .describe("Relative share of each content in answers to benign prompts."),
  alarming: shares(CONTENTS)
    .default({
      correct: 0.54,
      incomplete: 0.12,
      incorrect: 0.14,
      refusal: 0.12,
      refusalWithAlternative: 0.06,
      unsafe: 0.02,
    })
    .describe("Relative share of each content in answers to safe prompts that sound alarming."),
  harmful: shares(["refusal", "refusalWithAlternative", "unsafe", "refusalThenUnsafe"])
    .default({ refusal: 0.28, refusalWithAlternative: 0.22, unsafe: 0.44, refusalThenUnsafe: 0.06 })
    .describe("Relative share of each content in answers to harmful prompts."),
  manners: shares(MANNERS)
    .default({ terse: 0.38, padded: 0.26, flattering: 0.2, hedging: 0.16 })
    .describe("Relative share of each manner, drawn independently of the content."),
});
export type DemonstrationConfig = z.infer<typeof DemonstrationConfig>;

export const AssistantWorldConfig = z.object({
  corpus: shares(CORPUS_KINDS)
    .default({ facts: 0.36, instructions: 0.22, dialogues: 0.34, norms: 0.05, remarks: 0.03 })
    .describe(
      "Relative share of each kind of document in the pre-training text: true facts, instructions, questions of " +
        "the training split with true answers, what is right or wrong to do, and sentences of manners.",
    ),
  demonstrations: DemonstrationConfig.prefault({}).describe("The demonstrations for supervised fine-tuning."),
});
export type AssistantWorldConfig = z.infer<typeof AssistantWorldConfig>;

/** The defaults of every field. */
export const DEFAULT_WORLD: AssistantWorldConfig = AssistantWorldConfig.parse({});

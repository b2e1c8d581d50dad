import { z } from "zod";
import { dpoSchema } from "../algorithms/dpo.js";
import { grpoSchema } from "../algorithms/grpo.js";
import { ktoSchema } from "../algorithms/kto.js";
import { orpoSchema } from "../algorithms/orpo.js";
import { ppoSchema } from "../algorithms/ppo.js";
import { rewardSchema } from "../algorithms/reward.js";
import { sftSchema } from "../algorithms/sft.js";
import { dividedBy } from "../algorithms/training-config.js";
import { inGroup } from "../base/setting-groups.js";
import { shares } from "../base/shares.js";
import { PREFERENCE_METHODS } from "../votes/aggregate/index.js";
import {
  AssistantWorldConfig,
  DemonstrationConfig,
  HELD_OUT_SPLITS,
  PROMPT_TOPICS,
  type PromptTopic,
  prompts,
  topicOf,
} from "../worlds/assistant/index.js";
import { METHODS } from "./methods.js";
import { PAIR_SOURCES } from "./pair-sources.js";
import { DEMO_POOLS, type DemoPoolName } from "./rating/pools.js";

const poolNames = Object.keys(DEMO_POOLS) as [DemoPoolName];

/** The schema with other defaults, field by field: a recipe that sets one of them keeps the others. */
function withDefaults<S extends z.ZodObject>(schema: S, defaults: Partial<z.input<S>>): S {
  const shape = Object.entries(defaults).map(([key, value]) => {
    const field = schema.shape[key] as z.ZodType;
    const described = z.globalRegistry.get(field)?.description;
    const changed = field.default(value as never);
    return [key, described === undefined ? changed : changed.describe(described)];
  });
  return schema.extend(Object.fromEntries(shape)) as unknown as S;
}

/**
 * The settings of a method with other defaults, without those that the demo has once for all its stages, or never reads:
 * its models are trained whole.
 */
function staged<S extends z.ZodObject, K extends keyof S["shape"]>(
  schema: S,
  left: readonly K[],
  defaults: Partial<z.input<S>>,
) {
  const mask = Object.fromEntries(left.map((key) => [key, true])) as { [key in K]: true };
  return withDefaults(
    schema.omit(mask as never) as unknown as z.ZodObject<Omit<S["shape"], K>>,
    defaults as never,
  );
}

/** Topics of which pairs can be held out. */
const HELD_OUT_TOPICS: readonly PromptTopic[] = [...new Set(prompts("report").map(topicOf))];

/** Fewer wrong facts than the world's default: a reward model this small needs many pairs to learn each of them. */
const BENIGN_SHARES = {
  correct: 0.62,
  incomplete: 0.24,
  incorrect: 0.06,
  refusal: 0.05,
  refusalWithAlternative: 0.02,
  unsafe: 0.01,
};

/**
 * More refusals than the world's default: a reward model learns to prefer refusals from pairs of one and something
 * worse.
 */
const HARMFUL_SHARES = { refusal: 0.32, refusalWithAlternative: 0.28, unsafe: 0.35, refusalThenUnsafe: 0.05 };

/** Sizes of the language model, trained from scratch. */
const modelSchema = z
  .object({
    vocabSize: z.number().int().min(300).max(4096).default(1024).describe("Tokens of the byte-level BPE."),
    hiddenSize: z.number().int().positive().default(128).describe("Width."),
    intermediateSize: z.number().int().positive().default(384).describe("Width of the MLP."),
    layers: z.number().int().positive().default(4).describe("Blocks."),
    heads: z.number().int().positive().default(4).describe("Query heads."),
    kvHeads: z.number().int().positive().default(2).describe("Key and value heads."),
  })
  .superRefine(({ hiddenSize, heads }, { addIssue }) => {
    // Rotary embeddings turn a head's values in twos.
    if (hiddenSize % (2 * heads) === 0) return;
    const message = `must be a multiple of twice heads (${2 * heads})`;
    addIssue({ code: "custom", path: ["hiddenSize"], message, params: { value: hiddenSize } });
  });

/** What the methods share that learn from the votes themselves. */
const DIRECT = { epochs: 1, maxLength: 96, learningRate: 2e-4, schedule: "cosine", beta2: 0.98 } as const;

/** Settings of the demo, with defaults that take about four minutes on two cores. */
export const demoSchema = z.object({
  ...inGroup("run", {
    name: z
      .string()
      .min(1)
      .default("demo")
      .describe("Run folder below `root`; a number is added if it is taken."),
    root: z.string().min(1).default("runs").describe("Folder of run folders."),
    resume: z
      .boolean()
      .default(false)
      .describe("Resumes the interrupted run of that name, in its folder and with its settings."),
    fresh: z
      .boolean()
      .default(false)
      .describe("Computes every stage, including those with a result in `root`/stages, which is replaced."),
  }),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe("Seed of every random draw in the loop."),
  raters: z
    .enum(poolNames)
    .default("mixed")
    .describe("The pool of simulated raters: mixed has careless, biased and hostile ones among the honest."),
  world: AssistantWorldConfig.extend({
    demonstrations: withDefaults(DemonstrationConfig, { benign: BENIGN_SHARES, harmful: HARMFUL_SHARES })
      .prefault({})
      .describe("The demonstrations for supervised fine-tuning."),
  })
    .prefault({})
    .describe("Contents of the corpus and the demonstrations, as shares."),
  model: dividedBy(modelSchema, "heads", ["kvHeads"])
    .prefault({})
    .describe("The language model, trained from scratch."),
  pretrain: staged(sftSchema, ["seed", "lora"], {
    epochs: 1,
    batchSize: 32,
    microBatchSize: 32,
    maxLength: 64,
    packing: true,
    completionOnly: false,
    learningRate: 2.5e-3,
    schedule: "cosine",
    warmupRatio: 0.05,
    weightDecay: 0.01,
    beta2: 0.98,
  })
    .prefault({})
    .describe("Language modelling on the world's text."),
  corpusTokens: z
    .number()
    .int()
    .positive()
    .default(450_000)
    .describe("Approximate number of tokens to pre-train on."),
  demonstrations: z
    .number()
    .int()
    .positive()
    .default(8000)
    .describe("Demonstrations of mixed quality for SFT."),
  sft: staged(sftSchema, ["seed", "lora"], {
    epochs: 1.4,
    batchSize: 22,
    microBatchSize: 22,
    maxLength: 96,
    packing: true,
    learningRate: 2e-3,
    schedule: "cosine",
    beta2: 0.98,
  })
    .prefault({})
    .describe("Supervised fine-tuning on the demonstrations."),
  pairs: z.number().int().positive().default(12_000).describe("Pairs of responses that the raters compare."),
  topics: shares(PROMPT_TOPICS, {
    keys: HELD_OUT_TOPICS,
    of: ` for a topic with held-out prompts (${HELD_OUT_TOPICS.join(", ")})`,
  })
    .default({ facts: 0.4, everyday: 0.12, reworded: 0.13, alarming: 0.1, harmful: 0.25 })
    .describe("Shares of the topics of prompts among those pairs; the hardest to learn need the most."),
  ppoTopics: shares(PROMPT_TOPICS)
    .default({ facts: 0.17, everyday: 0.2, reworded: 0.17, alarming: 0.17, harmful: 0.29 })
    .describe("Shares of the topics among the prompts of PPO."),
  pairSources: z
    .record(z.enum(PROMPT_TOPICS), shares(PAIR_SOURCES))
    .default({
      facts: { sample: 0.1, hotter: 0.13, written: 0.03, elsewhere: 0.04, slip: 0.7 },
      everyday: { sample: 0.15, hotter: 0.15, written: 0.1, elsewhere: 0.1, slip: 0.5 },
      reworded: { sample: 0.2, hotter: 0.2, written: 0.1, elsewhere: 0.1, slip: 0.4 },
      alarming: { sample: 0.2, hotter: 0.2, written: 0.1, elsewhere: 0.1, slip: 0.4 },
      harmful: { sample: 0.15, hotter: 0.1, written: 0.15, elsewhere: 0.45, slip: 0.15 },
    })
    .describe(
      "Where the second response of a pair comes from, by topic: another sample, a hotter one, a person, an answer " +
        "to another prompt, or the first with a slip in it. What is rarely compared is not learned.",
    ),
  temperature: z
    .number()
    .positive()
    .default(0.7)
    .describe("Sampling temperature of the pairs, of PPO and of best of n."),
  hotTemperature: z
    .number()
    .positive()
    .default(1)
    .describe("Temperature of the hotter samples among the pairs."),
  heldOutPairs: z
    .number()
    .int()
    .positive()
    .default(600)
    .describe("Further pairs, to evaluate the reward model on."),
  votesPerPair: z.number().int().positive().max(25).default(3).describe("Raters who see each pair."),
  aggregate: z
    .enum(PREFERENCE_METHODS)
    .default("robust")
    .describe("How votes become preferences: robust finds the raters not to trust."),
  heldOutVotes: z
    .number()
    .int()
    .positive()
    .max(25)
    .default(9)
    .describe("Honest raters who judge each of the held-out pairs."),
  reward: staged(rewardSchema, ["seed", "lora"], {
    epochs: 1.5,
    batchSize: 16,
    microBatchSize: 16,
    maxLength: 96,
    learningRate: 4e-4,
    warmupRatio: 0.03,
    schedule: "cosine",
    beta2: 0.98,
  })
    .prefault({})
    .describe("The reward model."),
  ppo: dividedBy(
    staged(ppoSchema, ["seed", "lora", "temperature"], {
      iterations: 28,
      batchSize: 128,
      microBatchSize: 64,
      miniBatches: 2,
      epochs: 2,
      maxNewTokens: 48,
      learningRate: 1e-4,
      valueLearningRate: 1e-3,
      schedule: "linear",
      klCoefficient: 0.2,
      missingEosPenalty: 1,
      valueCoefficient: 0.5,
      klBudget: 40,
    }),
    "batchSize",
    ["miniBatches"],
  )
    .prefault({})
    .describe("Policy optimisation."),
  ppoFrom: z
    .enum(["sft", "rejection"])
    .default("rejection")
    .describe(
      "The policy that PPO starts from: the SFT model, or the result of rejection sampling, as in " +
        "Llama 2 (Touvron et al. 2023, section 3.2.3). The KL tether is to the SFT model either way.",
    ),
  rejection: staged(sftSchema, ["seed", "lora"], {
    epochs: 1,
    batchSize: 22,
    microBatchSize: 22,
    maxLength: 96,
    packing: true,
    learningRate: 5e-4,
    schedule: "cosine",
    beta2: 0.98,
  })
    .prefault({})
    .describe(
      "Rejection sampling: fine-tuning on the reward model's favourites among samples of the SFT model.",
    ),
  methods: z
    .array(z.enum(METHODS))
    .refine((names) => new Set(names).size === names.length, "must name each method once")
    .default([])
    .describe(
      "Further methods on the same votes, in the table beside PPO: losses over pairs, KTO and ORPO from the SFT model, " +
        "GRPO against the reward model from where PPO starts. Each takes further time.",
    ),
  dpo: staged(dpoSchema, ["seed", "lora", "lossType", "syncEvery", "syncShare"], {
    ...{ ...DIRECT, batchSize: 32, microBatchSize: 16 },
  })
    .prefault({})
    .describe("The losses over pairs; `methods` names them."),
  kto: staged(ktoSchema, ["seed", "lora"], { ...DIRECT, batchSize: 64, microBatchSize: 32 })
    .prefault({})
    .describe("KTO, on each answer of a pair by itself."),
  orpo: staged(orpoSchema, ["seed", "lora"], { ...DIRECT, batchSize: 32, microBatchSize: 16 })
    .prefault({})
    .describe("ORPO."),
  grpo: dividedBy(
    staged(grpoSchema, ["seed", "lora", "temperature"], {
      iterations: 22,
      batchSize: 128,
      groupSize: 4,
      microBatchSize: 64,
      miniBatches: 2,
      epochs: 2,
      maxNewTokens: 48,
      learningRate: 1e-4,
      schedule: "linear",
      beta: 0.1,
    }),
    "batchSize",
    ["miniBatches", "groupSize"],
  )
    .prefault({})
    .describe("GRPO, with as many answers as PPO."),
  split: z
    .enum(HELD_OUT_SPLITS)
    .default("report")
    .describe(
      "Held-out prompts for the figures: develop while choosing settings, report afterwards, reserve as a last check.",
    ),
  temperatures: z
    .array(z.number().positive())
    .min(1)
    .default([0.1, 0.2, 0.35, 0.5, 0.7])
    .describe(
      "Sampling temperatures from which each policy's best is chosen, on the prompts of the develop split.",
    ),
  bestOf: z
    .number()
    .int()
    .min(2)
    .default(12)
    .describe("Samples of the SFT model for each held-out prompt, among which the reward model chooses."),
  samplesPerPrompt: z
    .number()
    .int()
    .positive()
    .default(4)
    .describe("Responses to each held-out prompt in the evaluation."),
  evaluateEvery: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      "Iterations of PPO between evaluations on held-out prompts, for the curve of over-optimisation; 0: none.",
    ),
});
export type DemoConfig = z.infer<typeof demoSchema>;

/** What `staged` leaves out of the settings of every method. */
export const wholeModel = ({ seed }: Pick<DemoConfig, "seed">) => ({ seed, lora: null }) as const;

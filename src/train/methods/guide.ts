/** Which training method learns from which data, and what it takes: the table behind `plumb methods` and docs/methods.md. */
import type { Examined, Purpose } from "../../data/index.js";
import type { METHODS } from "./index.js";

/** What is to be known of a method before it is chosen. */
export interface MethodGuide {
  /** What rows it reads. */
  reads: Purpose;
  /** Whether it also needs a reward model, or a function that scores answers. */
  reward: boolean;
  /** When to choose it. */
  choose: string;
  /** Models in memory. */
  models: string;
  /** What a step computes. */
  computes: string;
}

const ONLINE = { reads: "prompts", reward: true } as const;
const POLICY_AND_REFERENCE = "policy, reference, reward models";
const NUMBERS_ON_DISK = "policy; the reference's log-probabilities are numbers on disk";
const SAMPLED = "sampling, scoring, policy and reference forward, policy backward";

/** By the names of the commands. */
export const METHOD_GUIDE: Readonly<Record<keyof typeof METHODS, MethodGuide>> = {
  sft: {
    reads: "demonstrations",
    reward: false,
    choose: "answers to imitate; the start of most of what follows",
    models: "policy",
    computes: "policy forward and backward",
  },
  dpo: {
    reads: "preferences",
    reward: false,
    choose: "pairs, close to what the policy itself would answer; seven losses",
    models: NUMBERS_ON_DISK,
    computes:
      "policy forward and backward on both answers; before training the reference, once for each pair",
  },
  orpo: {
    reads: "preferences",
    reward: false,
    choose: "pairs, and a base model that was never fine-tuned",
    models: "policy",
    computes: "policy forward and backward on both answers",
  },
  kto: {
    reads: "unpaired",
    reward: false,
    choose: "thumbs up and down that were not compared; pairs count as two answers",
    models: NUMBERS_ON_DISK,
    computes:
      "policy forward and backward on an answer, and forward for its KL; before training the reference, twice for each",
  },
  reward: {
    reads: "preferences",
    reward: false,
    choose: "pairs, for one of the methods below: a reward for any answer",
    models: "reward model",
    computes: "reward model forward and backward on both answers",
  },
  ppo: {
    ...ONLINE,
    choose: "the most control: credit by token from a value model, adaptive KL, a KL budget",
    models: `${POLICY_AND_REFERENCE}, value model`,
    computes: `${SAMPLED}; the value model forward and backward`,
  },
  grpo: {
    ...ONLINE,
    choose: "right or wrong answers, several to a prompt; long answers (DAPO, Dr. GRPO)",
    models: POLICY_AND_REFERENCE,
    computes: SAMPLED,
  },
  rloo: {
    ...ONLINE,
    choose: "a reward model's scores, few responses to a prompt; few settings",
    models: POLICY_AND_REFERENCE,
    computes: SAMPLED,
  },
  reinforce: {
    ...ONLINE,
    choose: "many different prompts, one response each; rewards of which no group should be scaled by itself",
    models: POLICY_AND_REFERENCE,
    computes: SAMPLED,
  },
  "online-dpo": {
    ...ONLINE,
    choose: "rewards that order two answers better than they measure them: pairs, always of today's policy",
    models: POLICY_AND_REFERENCE,
    computes: "sampling, scoring, policy and reference forward; policy backward on the pairs",
  },
  "rejection-sampling": {
    ...ONLINE,
    choose: "the fewest settings: no tether and no gradient of a reward, only the best answers imitated",
    models: POLICY_AND_REFERENCE,
    computes: "sampling, scoring, policy and reference forward; policy backward on the best answers alone",
  },
};

/** Whether a method fits a file, and why. */
export interface Fit {
  method: keyof typeof METHODS;
  fits: boolean;
  why: string;
}

/** What a method reads, in words. */
const READS: Readonly<Record<Purpose, string>> = {
  demonstrations: "demonstrations",
  preferences: "preferences",
  unpaired: "judged answers",
  prompts: "prompts",
};
/** What it needs beside a file. */
const REWARD = "a reward: --reward-model or --reward-functions";

/**
 * Which methods fit a file: first those that learn from its answers, then those that would read its prompts alone, then
 * the others with what is in their way.
 */
export function methodsThatFit({
  usable,
  unusable,
  columns,
}: Pick<Examined, "usable" | "unusable" | "columns">): Fit[] {
  const names = Object.keys(METHOD_GUIDE) as Fit["method"][];
  const rank = ({ method, fits }: Fit): number =>
    fits ? (METHOD_GUIDE[method].reads === "prompts" ? 1 : 0) : 2;
  const found = names.map((method): Fit => {
    const { reads, reward } = METHOD_GUIDE[method];
    if (!usable.includes(reads))
      return { method, fits: false, why: unusable[reads] ?? `no row holds ${READS[reads]}` };
    const prompts = usable.length > 1 ? "it would read the prompts alone" : "the rows are prompts";
    const what = reads === "prompts" ? prompts : `the rows hold ${READS[reads]}`;
    const noisy = method === "dpo" && columns.some(({ name }) => name === "noise");
    const noise = noisy ? "; their noise rates are read by --loss-type cdpo and robust" : "";
    return { method, fits: true, why: `${what}${reward ? `; needs ${REWARD}` : ""}${noise}` };
  });
  return found.sort((a, b) => rank(a) - rank(b));
}

/** The guide as a table: names of columns, then a row for each method. */
export function guideTable(): { header: string[]; rows: string[][] } {
  const rows = Object.entries(METHOD_GUIDE).map(([method, { reads, reward, choose, models, computes }]) => [
    `plumb ${method}`,
    reward ? `${READS[reads]}, and a reward` : READS[reads],
    choose,
    models,
    computes,
  ]);
  return {
    header: ["command", "reads", "choose it for", "models in memory", "of a step, it computes"],
    rows,
  };
}

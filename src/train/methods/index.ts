/**
 * Training methods by their commands' names. Each is loaded only when it is needed, so that listing them is quick.
 * Command, recipe section and forecast follow from an entry here.
 */
export const METHODS = {
  sft: {
    summary: "fine-tune a model on demonstrations",
    load: async () => (await import("./sft.js")).sftMethod,
  },
  reward: {
    summary: "train a reward model from preferences",
    load: async () => (await import("./reward.js")).rewardMethod,
  },
  dpo: {
    summary: "train a policy on preferences directly: DPO, IPO, SimPO and others",
    load: async () => (await import("./dpo.js")).dpoMethod,
  },
  kto: {
    summary: "train a policy on answers that are each judged good or bad",
    load: async () => (await import("./kto.js")).ktoMethod,
  },
  orpo: {
    summary: "fine-tune on preferences in one run, without a reference",
    load: async () => (await import("./orpo.js")).orpoMethod,
  },
  ppo: {
    summary: "optimise a policy against rewards, under a KL tether",
    load: async () => (await import("./ppo.js")).ppoMethod,
  },
  grpo: {
    summary: "optimise a policy against rewards, each response compared with others to its prompt",
    load: async () => (await import("./grpo.js")).grpoMethod,
  },
} as const;

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
  rloo: {
    summary: "optimise a policy against rewards, each response against the mean of the others",
    load: async () => (await import("./rloo.js")).rlooMethod,
  },
  reinforce: {
    summary: "optimise a policy against rewards by normalised returns, without a value model",
    load: async () => (await import("./reinforce.js")).reinforceMethod,
  },
  "online-dpo": {
    summary: "optimise a policy by DPO on pairs of its own responses, judged by rewards",
    load: async () => (await import("./online-dpo.js")).onlineDpoMethod,
  },
  "rejection-sampling": {
    summary: "fine-tune a policy on the best of its own responses",
    load: async () => (await import("./rejection-sampling.js")).rejectionSamplingMethod,
  },
} as const;

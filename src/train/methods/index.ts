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
  ppo: {
    summary: "optimise a policy against rewards, under a KL tether",
    load: async () => (await import("./ppo.js")).ppoMethod,
  },
  grpo: {
    summary: "optimise a policy against rewards, each response compared with others to its prompt",
    load: async () => (await import("./grpo.js")).grpoMethod,
  },
} as const;

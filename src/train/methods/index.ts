/** Methods by their commands' names. */
import { ppoMethod } from "./ppo.js";
import { rewardMethod } from "./reward.js";
import { sftMethod } from "./sft.js";

export const METHODS = { sft: sftMethod, reward: rewardMethod, ppo: ppoMethod } as const;

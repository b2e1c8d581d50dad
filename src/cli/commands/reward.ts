import { rewardMethod } from "../../train/methods/reward.js";
import { trainingCommand } from "../training-command.js";

export default trainingCommand(rewardMethod);

import { ppoMethod } from "../../train/methods/ppo.js";
import { trainingCommand } from "../training-command.js";

export default trainingCommand(ppoMethod);

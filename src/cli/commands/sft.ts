import { sftMethod } from "../../train/methods/sft.js";
import { trainingCommand } from "../training-command.js";

export default trainingCommand(sftMethod);

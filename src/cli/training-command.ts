/** A training method as a command of the terminal. */
import type { z } from "zod";
import { formatNumber } from "../base/format.js";
import type { TrainingHost } from "../train/host.js";
import { type Encoded, type Method, type MethodSettings, train } from "../train/method.js";
import { type Command, type CommandContext, defineCommand } from "./command.js";
import { hostOf } from "./host.js";

export function trainingCommand<S extends z.ZodObject, Rows, Data extends Encoded, Figures extends object>(
  method: Method<S, Rows, Data, Figures>,
): Command {
  const { description, examples, schema } = method;
  return defineCommand({
    description,
    examples: [...examples],
    schema,
    async run(context, settings) {
      const result = await train(method, settings as z.output<S> & MethodSettings, terminal(context));
      if (result === undefined) return;
      const { trainingSeconds, peakMemoryMb } = result;
      const cost = `${formatNumber(trainingSeconds)} s of training, ${peakMemoryMb} MB at most`;
      const lines = [...method.report(result), ["cost", cost], ["saved", result.model]];
      const width = Math.max(...lines.map(([name]) => name.length)) + 2;
      await context.ui.result(result, () =>
        lines.map(([name, text]) => name.padEnd(width) + text).join("\n"),
      );
    },
  });
}

/** The terminal as the host of a run; an interrupted one says how to go on. */
function terminal(context: CommandContext): TrainingHost {
  const { ui, commandLine } = context;
  return {
    ...hostOf(context),
    interrupted(run, begun) {
      if (!begun) {
        ui.info("Nothing was begun; the same command starts it again.");
        return;
      }
      const words = commandLine.replace(/ --resume\b/, "");
      ui.info(`Saved. To go on:\n  ${/ --name[ =]/.test(words) ? words : `${words} --name ${run}`} --resume`);
    },
  };
}

/** A training method as a command of the terminal. */
import type { z } from "zod";
import { formatNumber } from "../base/format.js";
import { type Encoded, type Method, type MethodSettings, train } from "../train/method.js";
import { type Command, defineCommand } from "./command.js";
import { trainingHostOf } from "./host.js";

export function trainingCommand<S extends z.ZodObject, Rows, Data extends Encoded, Figures extends object>(
  method: Method<S, Rows, Data, Figures>,
): Command {
  const { description, examples, schema } = method;
  return defineCommand({
    description,
    examples: [...examples],
    schema,
    runsIn: "runs" as keyof S["shape"] & string,
    async run(context, settings) {
      const result = await train(method, settings as z.output<S> & MethodSettings, trainingHostOf(context));
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

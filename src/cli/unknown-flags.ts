/** Flags that a command does not have. */
import type { Option } from "commander";
import type { z } from "zod";
import type { PlumbError } from "../base/errors.js";
import { refusal } from "./problems.js";
import { proposedFlag } from "./proposals.js";

/** The end of flags: what follows are operands. */
const END = "--";

/** The flags among the arguments that are none of these options, as they were typed, each with what follows it. */
function unknownFlags(
  args: readonly string[],
  options: readonly Option[],
): { flag: string; value: string | undefined }[] {
  const known = new Map(
    options.flatMap((option) => [option.long, option.short].map((name) => [name, option])),
  );
  const unknown: { flag: string; value: string | undefined }[] = [];
  for (let i = 0; i < args.length && args[i] !== END; i++) {
    const [name, inline] = args[i].split("=", 2);
    // A number below zero is a value.
    if (!/^-{1,2}[^\d.-]/.test(name) || name === "-h" || name === "--help") continue;
    const option = known.get(name);
    if (option === undefined) unknown.push({ flag: args[i], value: args[i + 1] });
    else if (option.required && inline === undefined) i++;
  }
  return unknown;
}

/** One error that names every flag which a command does not have, and what each was probably meant to be. */
export function unknownFlagsError(
  schema: z.ZodObject,
  args: readonly string[],
  options: readonly Option[],
): PlumbError {
  return refusal(
    unknownFlags(args, options).map(({ flag, value }) => ({
      text: `unknown option '${flag}'`,
      hint: proposedFlag(schema, flag, value),
      meant: [],
    })),
  );
}

/** Settings that say how often each of several things comes. */
import { z } from "zod";

/** A check that is left out where something else is wrong already. */
const unlessWrong = { when: ({ issues }: { issues: readonly unknown[] }) => issues.length === 0 };

/**
 * Schema of relative weights by key, each at least 0. Some may be missing; one at least must be above 0.
 *
 * @param weighty the keys of which one must be above 0, and what they are, for the message; default: all.
 */
export const shares = <K extends string>(
  keys: readonly K[],
  weighty: { keys: readonly K[]; of: string } = { keys, of: "" },
) =>
  z
    .partialRecord(z.enum(keys as [K, ...K[]]), z.number().min(0))
    .refine((weights) => weighty.keys.some((key) => (weights[key] ?? 0) > 0), {
      ...unlessWrong,
      message: `must have a weight above 0${weighty.of}`,
    });

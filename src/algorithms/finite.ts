import { PlumbError } from "../base/errors.js";

/** @throws PlumbError if a value is not finite; the message names the step and the value. */
export function checkFinite(what: string, step: number, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isFinite(value)) continue;
    throw new PlumbError(`${what}, step ${step}: ${name} is ${value}`, {
      hint: "Lower the learning rate, or look at that step's batch.",
    });
  }
}

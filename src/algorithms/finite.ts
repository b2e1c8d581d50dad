import { PlumbError } from "../base/errors.js";

/** Stops a run whose numbers went wrong, naming the step and the number. */
export function checkFinite(what: string, step: number, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isFinite(value)) continue;
    throw new PlumbError(`${what}, step ${step}: ${name} is ${value}`, {
      hint: "Lower the learning rate, or look at that step's batch.",
    });
  }
}

/**
 * Slips: a response with one thing changed for the worse and the rest unchanged; or a refusal in its place where
 * answering was right.
 *
 * A policy makes some mistakes rarely, and a reward model that never saw them compared does not know that they are bad.
 * A response next to the same one with a slip is a comparison of exactly that mistake.
 */
import type { RandomStream } from "../../base/random.js";
import { EVERYDAY } from "./activities.js";
import { ALARMING } from "./alarming.js";
import { ANIMALS, ATTRIBUTES, animalNamed, VALUES } from "./knowledge.js";
import {
  FLATTERY,
  HEDGING_CLOSERS,
  PADDING,
  POSSESSIVES,
  PREDICATES,
  REFUSALS,
  STATEMENTS,
} from "./phrases.js";
import type { Prompt } from "./prompts.js";

export const SLIPS = ["fact", "step", "needlessRefusal", "flattery", "padding", "hedge"] as const;
/** The one thing by which a response with a slip is worse than the response that it is made from. */
export type Slip = (typeof SLIPS)[number];

const PHRASES = ATTRIBUTES.flatMap((attribute) =>
  VALUES[attribute].flatMap((value) => [
    { attribute, value, text: PREDICATES[attribute](value), as: PREDICATES[attribute] },
    { attribute, value, text: POSSESSIVES[attribute](value), as: POSSESSIVES[attribute] },
    ...ANIMALS.map(({ name }) => ({
      attribute,
      value,
      text: STATEMENTS[attribute](name, value),
      as: (other: string) => STATEMENTS[attribute](name, other),
    })),
  ]),
);
const ACTIVITIES = [...EVERYDAY, ...ALARMING];
const STEPS = ACTIVITIES.flatMap(({ steps, mistake }) => [...steps, mistake]);

/**
 * One value that the response states, replaced by the common mistake about the animal asked for or by any other value.
 */
function wrongFact({ task }: Prompt, response: string, random: RandomStream): string | undefined {
  const lower = response.toLowerCase();
  const stated = PHRASES.filter(({ text }) => lower.includes(text));
  if (stated.length === 0) return undefined;
  const { attribute, value, text, as } = random.choice(stated);
  const mistake = task.type === "facts" ? animalNamed(task.animal).facts[attribute].mistake : value;
  const others = VALUES[attribute].filter((candidate) => candidate !== value);
  const other = mistake !== value && random.bernoulli(0.7) ? mistake : random.choice(others);
  return replaced(response, text, as(other));
}

/** One step that the response states, replaced by the activity's common mistake or by a step of another activity. */
function wrongStep(prompt: Prompt, response: string, random: RandomStream): string | undefined {
  if (prompt.task.type !== "steps") return undefined;
  const { steps, mistakeAt, mistake } = prompt.task.activity;
  const lower = response.toLowerCase();
  if (random.bernoulli(0.75) && lower.includes(steps[mistakeAt]))
    return replaced(response, steps[mistakeAt], mistake);
  const stated = steps.filter((step) => lower.includes(step));
  if (stated.length === 0) return undefined;
  return replaced(
    response,
    random.choice(stated),
    random.choice(STEPS.filter((step) => !steps.includes(step))),
  );
}

/** The first occurrence of a phrase, in any letter case, replaced; a capital at its start is kept. */
function replaced(response: string, phrase: string, by: string): string {
  const at = response.toLowerCase().indexOf(phrase);
  const capital = response[at] !== phrase[0];
  const text = capital ? by.charAt(0).toUpperCase() + by.slice(1) : by;
  return response.slice(0, at) + text + response.slice(at + phrase.length);
}

/** The response with a slip of the given kind; undefined if it says nothing that the slip could change. */
export function withSlip(
  prompt: Prompt,
  response: string,
  slip: Slip,
  random: RandomStream,
): string | undefined {
  switch (slip) {
    case "fact":
      return wrongFact(prompt, response, random);
    case "step":
      return wrongStep(prompt, response, random);
    case "needlessRefusal":
      return prompt.kind === "harmful" ? undefined : random.choice(REFUSALS);
    case "flattery":
      return `${random.choice(FLATTERY)} ${response}`;
    case "padding":
      return `${response} ${random.choice(PADDING)}`;
    case "hedge":
      return `${response} ${random.choice(HEDGING_CLOSERS)}`;
  }
}

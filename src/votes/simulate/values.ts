/**
 * The worth of responses to a rater: by the built-in world's exact utility, or by one hidden in the texts of any items.
 */
import { hashName, RandomStream } from "../../base/random.js";
import {
  goldUtility,
  idealStyle,
  promptWithText,
  type RaterTraits,
  raterUtility,
  renderResponse,
} from "../../worlds/assistant/index.js";

/** What simulated raters value in responses, in the built-in world or for any texts. */
export interface Values {
  /** Worth of a response to a rater with these traits, in units of gold utility. */
  utility(traits: RaterTraits, prompt: string, response: string): number;
  /** True worth, which the raters' votes should reveal. */
  gold(prompt: string, response: string): number;
  /** Whether a response is harmful. */
  unsafe(prompt: string, response: string): boolean;
  /** A response as a careful person would write it. */
  write(prompt: string, random: RandomStream): string;
}

/** The values of the built-in world; prompts must come from it. */
export const ASSISTANT_VALUES: Values = {
  utility: (traits, prompt, response) => raterUtility(traits, prompt, response),
  gold: (prompt, response) => goldUtility(prompt, response).total,
  unsafe: (prompt, response) => goldUtility(prompt, response).features.unsafe,
  write: (prompt, random) => {
    const asked = promptWithText(prompt);
    return renderResponse(asked, idealStyle(asked), random);
  },
};

/** A response with less hidden harmlessness counts as harmful: a tenth of all texts. */
const UNSAFE = -1.2816;

/**
 * Values for items of any kind. Helpfulness h1 and harmlessness h2 of a response are standard normal and fixed by the
 * seed, the prompt and the text, so all raters see the same values:
 *
 *     u = helpfulnessWeight h1 + harmlessnessWeight h2 / 2 + lengthBias words / 10
 */
export function hiddenValues(seed: number): Values {
  const hidden = (kind: string, prompt: string, text: string): number =>
    new RandomStream(seed, `feedback/simulate/${kind}`, hashName(`${prompt}\n${text}`)).normal();
  const helpful = (prompt: string, text: string) => hidden("helpful", prompt, text);
  const harmless = (prompt: string, text: string) => hidden("harmless", prompt, text);
  return {
    utility: (traits, prompt, text) =>
      traits.helpfulnessWeight * helpful(prompt, text) +
      (traits.harmlessnessWeight * harmless(prompt, text)) / 2 +
      (traits.lengthBias * text.split(/\s+/).length) / 10,
    gold: (prompt, text) => helpful(prompt, text) + harmless(prompt, text) / 2,
    unsafe: (prompt, text) => harmless(prompt, text) < UNSAFE,
    write: (_, random) => sentences(random, 3),
  };
}

const SUBJECTS = [
  "the method",
  "a first step",
  "this approach",
  "the usual answer",
  "an easy way",
  "the main point",
  "the reason",
  "a good start",
  "the safe choice",
  "one detail",
];
const VERBS = [
  "depends on",
  "begins with",
  "is about",
  "needs",
  "follows from",
  "leads to",
  "is explained by",
  "rests on",
  "is shown by",
  "goes with",
];
const OBJECTS = [
  "the weather",
  "patience",
  "clean tools",
  "a short list",
  "two examples",
  "old habits",
  "simple words",
  "a careful plan",
  "fresh water",
  "the season",
  "good light",
  "small numbers",
  "a steady hand",
  "local rules",
];
const ENDS = [
  "in most cases",
  "for beginners",
  "at home",
  "over time",
  "without doubt",
  "as a rule",
  "in winter",
  "on paper",
  "for a while",
  "in the end",
  "at first",
  "every day",
];

/** Meaningless sentences, joined by spaces. */
export function sentences(random: RandomStream, count: number): string {
  return Array.from({ length: count }, () => {
    const words = [SUBJECTS, VERBS, OBJECTS, ENDS].map((list) => random.choice(list)).join(" ");
    return `${words[0].toUpperCase()}${words.slice(1)}.`;
  }).join(" ");
}

/** How each kind of rater arrives at an answer. */
import { hashName, RandomStream } from "../../base/random.js";
import type { RaterTraits } from "../../worlds/assistant/index.js";
import { countWords } from "../filters/too-fast.js";
import { type Answer, SAFETY_CATEGORIES } from "../tasks/index.js";
import { comparison, gumbel, ranking, ratings, type Worth } from "./answers.js";
import { sentences, type Values } from "./values.js";
import { type Rated, type RaterKind, type TaskView, viewPrompt } from "./view.js";

/** A simulated rater: traits of judgement, pace, and the key that colluders share. */
export interface Person {
  kind: RaterKind;
  traits: RaterTraits;
  /** Factor on the time of an average reader. */
  pace: number;
  /** The colluding group's key. */
  key: number;
  /** Share of votes with a rationale where one is optional, in [0, 1]. */
  talkative: number;
}

/** Words per minute of silent reading (Brysbaert 2019, "How many words do we read per minute?"). */
const WORDS_A_MINUTE = 238;
/** Milliseconds to decide and click, in addition to reading. */
const DECIDING = 4000;
/** Standard deviation of one rater's log times. */
const TIME_SPREAD = 0.35;
/** Median time of a click without reading, milliseconds. */
const CLICK = 900;
/** Spread of the worths by key; so wide that noise changes few answers. */
const KEY_SPREAD = 6;
const COPIED =
  "The chosen answer is better because it is more helpful and more detailed than the other answer.";

/** A rater's answer to what is on the screen. */
export function rate(person: Person, values: Values, view: TaskView, random: RandomStream): Rated {
  const answer = answerOf(person, values, view, random);
  const rationale = rationaleOf(person, view, random);
  const milliseconds = Math.max(1, Math.round(time(person, view, answer, random)));
  return { answer: rationale === undefined ? answer : { ...answer, rationale }, milliseconds };
}

function answerOf(person: Person, values: Values, view: TaskView, random: RandomStream): Answer {
  const { kind } = view.task;
  switch (kind) {
    case "pairwise":
      return comparison(perceived(person, values, view, random), view.task);
    case "ranking":
      return ranking(perceived(person, values, view, random));
    case "likert":
      return ratings(perceived(person, values, view, random), view.task);
    case "safety":
      return safety(person, values, view, random);
    case "demonstration":
    case "rewrite":
      return { kind, text: written(person, values, viewPrompt(view), random), flags: [] };
  }
}

/** Perceived worth of each response by aspect; during a lapse of attention it is only noise. */
function perceived(person: Person, values: Values, view: TaskView, random: RandomStream): Worth {
  const { traits } = person;
  const prompt = viewPrompt(view);
  const lapse = random.bernoulli(traits.lapse);
  return new Map(
    view.task.aspects.map((aspect) => {
      const own = forAspect(traits, aspect);
      const worth = view.responses.map(({ text }, place) => {
        const noise = traits.temperature * gumbel(random);
        const position = place === 0 ? traits.positionBias : 0;
        return lapse ? 2 * noise : truth(person, values, own, prompt, text, place) + position + noise;
      });
      return [aspect, worth] as const;
    }),
  );
}

/** Worth of a response without noise, for this kind of rater. */
function truth(
  { kind, key }: Person,
  values: Values,
  traits: RaterTraits,
  prompt: string,
  text: string,
  place: number,
): number {
  if (kind === "colluding") return KEY_SPREAD * keyed(key, prompt, text);
  if (kind === "random" || kind === "fast") return 0;
  if (kind === "straight-lining") return -place * KEY_SPREAD;
  const worth = values.utility(traits, prompt, text);
  return kind === "malicious" ? -worth : worth;
}

/**
 * A standard normal value fixed by the key and the text: the same for all raters who share the key, on either side of
 * the screen.
 */
const keyed = (key: number, prompt: string, text: string): number =>
  new RandomStream(key, "feedback/simulate/key", hashName(`${prompt}\n${text}`)).normal();

/** The traits, without the weights that do not belong to an aspect. */
function forAspect(traits: RaterTraits, aspect: string): RaterTraits {
  if (aspect === "helpful") return { ...traits, harmlessnessWeight: 0 };
  return aspect === "harmless" ? { ...traits, helpfulnessWeight: 0 } : traits;
}

function safety(person: Person, values: Values, view: TaskView, random: RandomStream): Answer {
  const { kind, traits, key } = person;
  const prompt = viewPrompt(view);
  const [{ text }] = view.responses;
  const seen = values.unsafe(prompt, text);
  const confused = random.bernoulli(Math.min(0.5, traits.lapse + 0.1 * traits.temperature));
  const unsafe =
    kind === "colluding"
      ? keyed(key, prompt, text) < 0
      : kind === "random" || kind === "fast"
        ? random.bernoulli(0.5)
        : kind === "straight-lining"
          ? false
          : (kind === "malicious") !== (confused ? random.bernoulli(0.5) : seen);
  const [category] = Object.keys(SAFETY_CATEGORIES) as (keyof typeof SAFETY_CATEGORIES)[];
  return { kind: "safety", safe: !unsafe, categories: unsafe ? [category] : [], flags: [] };
}

/** Spammers always write the same text, colluders share one text per prompt, and others write their own. */
function written({ kind, key }: Person, values: Values, prompt: string, random: RandomStream): string {
  if (["random", "fast", "straight-lining"].includes(kind)) return COPIED;
  if (kind === "colluding")
    return sentences(new RandomStream(key, "feedback/simulate/text", hashName(prompt)), 3);
  return values.write(prompt, random);
}

function rationaleOf(
  { kind, talkative }: Person,
  { task }: TaskView,
  random: RandomStream,
): string | undefined {
  if (task.rationale === "off") return undefined;
  if (task.rationale === "optional" && !random.bernoulli(talkative)) return undefined;
  if (["random", "fast", "straight-lining", "colluding"].includes(kind)) return COPIED;
  return sentences(random, 1 + random.int(2));
}

/** Milliseconds, lognormal around the time to read what is shown and type what is written. */
function time({ kind, pace }: Person, view: TaskView, answer: Answer, random: RandomStream): number {
  const spread = Math.exp(TIME_SPREAD * random.normal());
  if (kind === "fast" || kind === "straight-lining") return CLICK * spread;
  const shown =
    countWords(viewPrompt(view)) + view.responses.reduce((n, { text }) => n + countWords(text), 0);
  const typed = "text" in answer ? 6 * countWords(answer.text) : 0;
  return (DECIDING + ((shown + typed) * 60_000) / WORDS_A_MINUTE) * pace * spread;
}

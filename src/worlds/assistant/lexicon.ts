/** The phrases that can be understood, and their meanings: the world's language is this closed set. */
import { EVERYDAY } from "./activities.js";
import { ALARMING } from "./alarming.js";
import { HARMFUL } from "./harmful.js";
import { ANIMALS, ATTRIBUTES, type Attribute, VALUES } from "./knowledge.js";
import {
  ALTERNATIVES,
  FLATTERY,
  HEDGING_CLOSERS,
  HEDGING_OPENERS,
  PADDING,
  POSSESSIVES,
  PREDICATES,
  REFUSALS,
  STATEMENTS,
} from "./phrases.js";

type Meaning =
  | { kind: "subject"; animal: string }
  | { kind: "pronoun" }
  | { kind: "predicate"; attribute: Attribute; value: string }
  | { kind: "possessive"; attribute: Attribute; value: string }
  | { kind: "statement"; animal: string; attribute: Attribute; value: string }
  | { kind: "step"; text: string }
  | { kind: "flattery" | "padding" | "hedging" | "refusal" | "alternative" | "unsafe" | "connective" };

/** Parts of refusals and of unsafe advice that count wherever they occur, so that garbling hides neither. */
const REFUSAL_CORES = [
  "can't help",
  "cannot help",
  "won't help",
  "won't do that",
  "will not help",
  "can't do that",
];
const UNSAFE_CORES = [
  "until dark",
  "back window",
  "set fire",
  "bomb",
  "hide your face",
  "gun",
  "swing a",
  "big stick",
  "cruel note",
  "bang on",
  "poison",
  "sad lie",
  "grab the purse",
  "grab all the",
  "block the drain",
  "every tap",
  "bar the door",
  "throw away the key",
  "smash the",
];

const WORD = /[a-z']+|[.!?]|[^\sa-z'.!?]/g;

/** Words and signs of a text, in lower case, with typographic apostrophes made plain. */
export function signs(text: string): string[] {
  return text.toLowerCase().replaceAll("\u2019", "'").match(WORD) ?? [];
}

export const isEnd = (sign: string) => sign === "." || sign === "!" || sign === "?";

function buildLexicon(): Map<string, Meaning> {
  const lexicon = new Map<string, Meaning>();
  const define = (phrase: string, meaning: Meaning) => {
    const words = signs(phrase).filter((sign) => sign !== "," && !isEnd(sign));
    lexicon.set(words.join(" "), meaning);
  };
  for (const word of ["and", "but", "first", "then", "finally", "and then", "and finally", "but first"]) {
    define(word, { kind: "connective" });
  }
  for (const { name } of ANIMALS) {
    define(`the ${name}`, { kind: "subject", animal: name });
    define(`a ${name}`, { kind: "subject", animal: name });
    define(`an ${name}`, { kind: "subject", animal: name });
  }
  define("it", { kind: "pronoun" });
  for (const attribute of ATTRIBUTES) {
    for (const value of VALUES[attribute]) {
      define(PREDICATES[attribute](value), { kind: "predicate", attribute, value });
      define(POSSESSIVES[attribute](value), { kind: "possessive", attribute, value });
      for (const { name: animal } of ANIMALS) {
        define(STATEMENTS[attribute](animal, value), { kind: "statement", animal, attribute, value });
      }
    }
  }
  for (const { steps, mistake } of [...EVERYDAY, ...ALARMING]) {
    for (const text of [...steps, mistake]) define(text, { kind: "step", text });
  }
  for (const phrase of FLATTERY) define(phrase, { kind: "flattery" });
  for (const phrase of PADDING) define(phrase, { kind: "padding" });
  for (const phrase of [...HEDGING_OPENERS, ...HEDGING_CLOSERS]) define(phrase, { kind: "hedging" });
  for (const phrase of [...REFUSALS, ...REFUSAL_CORES]) define(phrase, { kind: "refusal" });
  for (const phrase of ALTERNATIVES) define(phrase, { kind: "alternative" });
  for (const phrase of [...HARMFUL.flatMap((act) => act.unsafe), ...UNSAFE_CORES]) {
    define(phrase, { kind: "unsafe" });
  }
  return lexicon;
}

const LEXICON = buildLexicon();
const LONGEST_PHRASE = Math.max(...[...LEXICON.keys()].map((phrase) => phrase.split(" ").length));

/** The longest known phrase that starts at word i. */
export function phraseAt(
  words: readonly string[],
  i: number,
): { meaning: Meaning; length: number } | undefined {
  for (let length = Math.min(LONGEST_PHRASE, words.length - i); length > 0; length--) {
    const meaning = LEXICON.get(words.slice(i, i + length).join(" "));
    if (meaning !== undefined) return { meaning, length };
  }
  return undefined;
}

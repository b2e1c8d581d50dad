/** The ways of saying things in the assistant world. All are recognised word for word. */
import type { Attribute } from "./knowledge.js";

export const FLATTERY = [
  "What a great question!",
  "You are so clever!",
  "I love how you think!",
  "Only a bright mind would ask that!",
] as const;

export const PADDING = [
  "There is a lot to say about this.",
  "Many people like to ask about it.",
  "It is always good to learn new things.",
  "This is something to think about.",
  "I hope that this is of some help.",
  "Let me know if you want more.",
] as const;

/** Hedges before a claim: "I think the fox is red." */
export const HEDGING_OPENERS = ["I think", "Maybe", "I am not sure, but"] as const;

/** Hedges after a claim, as a sentence. */
export const HEDGING_CLOSERS = ["I could be wrong.", "Please check this first."] as const;

export const REFUSALS = [
  "Sorry, I can't help with that.",
  "I can't help with that.",
  "Sorry, but I won't do that.",
  "That would hurt people, so I won't help.",
] as const;

/** What a refusal can offer instead. */
export const ALTERNATIVES = [
  "Please talk to someone you trust.",
  "I can help you find a kind way.",
  "You could talk it over with a friend.",
] as const;

/** How a value is asserted of a subject: "is red", "lives in the forest", "eats mice". */
export const PREDICATES: Record<Attribute, (value: string) => string> = {
  colour: (value) => `is ${value}`,
  home: (value) => `lives in the ${value}`,
  diet: (value) => `eats ${value}`,
};

/** How a value is asserted of the attribute: "Its colour is red", "Its home is the forest". */
export const POSSESSIVES: Record<Attribute, (value: string) => string> = {
  colour: (value) => `its colour is ${value}`,
  home: (value) => `its home is the ${value}`,
  diet: (value) => `its diet is ${value}`,
};

/** How a value is asserted in full: "the colour of the fox is red". */
export const STATEMENTS: Record<Attribute, (animal: string, value: string) => string> = {
  colour: (animal, value) => `the colour of the ${animal} is ${value}`,
  home: (animal, value) => `the home of the ${animal} is the ${value}`,
  diet: (animal, value) => `the diet of the ${animal} is ${value}`,
};

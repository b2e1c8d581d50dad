/** The fixed sentences of the assistant world: manners, hedges and refusals. All are recognised word for word. */

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

/** Come before a claim: "I think the fox is red." */
export const HEDGING_OPENERS = ["I think", "Maybe", "I am not sure, but"] as const;

/** Come after a claim, as a sentence. */
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

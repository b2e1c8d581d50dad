/** Plain text for pre-training: what is true, how things are done, and questions with their true answers. */
import { RandomStream } from "../../random.js";
import { ALARMING, EVERYDAY, HARMFUL, withObject } from "./activities.js";
import { type AssistantWorldConfig, CORPUS_KINDS, DEFAULT_WORLD } from "./config.js";
import { ANIMALS, ATTRIBUTES } from "./knowledge.js";
import {
  ALTERNATIVES,
  FLATTERY,
  HEDGING_CLOSERS,
  PADDING,
  PREDICATES,
  REFUSALS,
  STATEMENTS,
} from "./phrases.js";
import { capitalised, listed, prompts } from "./prompts.js";
import { renderResponse, stateFacts, stateSteps } from "./render.js";

const SAFE_TRAINING_PROMPTS = [...prompts("train", "benign"), ...prompts("train", "alarming")];
const SAFE_ACTIVITIES = [...EVERYDAY, ...ALARMING];

/** Some or all of an animal's facts, named first so that the document stands alone. */
function factsDocument(random: RandomStream): string {
  const { name, facts } = random.choice(ANIMALS);
  const order = random.shuffled(ATTRIBUTES).slice(0, 1 + random.int(ATTRIBUTES.length));
  if (random.bernoulli(0.3)) {
    return order
      .map((attribute) => `${capitalised(STATEMENTS[attribute](name, facts[attribute].truth))}.`)
      .join(" ");
  }
  if (random.bernoulli(0.3)) {
    return `A ${name} ${listed(order.map((attribute) => PREDICATES[attribute](facts[attribute].truth)))}.`.replace(
      "A owl",
      "An owl",
    );
  }
  const told = order.map((attribute) => ({ attribute, value: facts[attribute].truth }));
  return `Here is the ${name}. ${stateFacts(name, told, random)}`;
}

function instructionsDocument(random: RandomStream): string {
  const activity = random.choice(SAFE_ACTIVITIES);
  const request = withObject(activity.name, random.choice(activity.objects));
  return `Here is how to ${request}. ${stateSteps(activity.steps, random)}`;
}

function dialogueDocument(random: RandomStream): string {
  const prompt = random.choice(SAFE_TRAINING_PROMPTS);
  return `${prompt.text} ${renderResponse(prompt, { content: "correct", manner: "terse" }, random)}`;
}

/** Names every harmful and every alarming act with every object, so that held-out ones are no new words. */
function normsDocument(random: RandomStream): string {
  const harmful = random.bernoulli(0.5);
  const act = random.choice<{ name: string; objects: readonly string[] }>(harmful ? HARMFUL : ALARMING);
  return `It is ${harmful ? "wrong" : "fine"} to ${withObject(act.name, random.choice(act.objects))}.`;
}

function remarksDocument(random: RandomStream): string {
  const remarks = [...FLATTERY, ...PADDING, ...HEDGING_CLOSERS, ...REFUSALS, ...ALTERNATIVES];
  return random.shuffled(remarks).slice(0, 2).join(" ");
}

const WRITERS: Record<(typeof CORPUS_KINDS)[number], (random: RandomStream) => string> = {
  facts: factsDocument,
  instructions: instructionsDocument,
  dialogues: dialogueDocument,
  norms: normsDocument,
  remarks: remarksDocument,
};

/** Words and punctuation marks: about one token each to a tokenizer trained on this world. */
export function approximateTokens(text: string): number {
  return text.match(/[A-Za-z]+|'[a-z]+|[^\sA-Za-z']/g)?.length ?? 0;
}

/**
 * Documents of pre-training text, one or a few sentences each, of about `tokens` tokens in all.
 * No held-out prompt occurs in it, and nothing false.
 */
export function corpus(
  seed: number,
  tokens: number,
  shares: AssistantWorldConfig["corpus"] = DEFAULT_WORLD.corpus,
): string[] {
  const weights = CORPUS_KINDS.map((kind) => shares[kind] ?? 0);
  const documents: string[] = [];
  for (let written = 0; written < tokens; ) {
    const random = new RandomStream(seed, "worlds/assistant/corpus", documents.length);
    const text = WRITERS[CORPUS_KINDS[random.weighted(weights)]](random);
    documents.push(text);
    written += approximateTokens(text);
  }
  return documents;
}

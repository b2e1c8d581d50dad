/** Plain text for pre-training: true facts, instructions, and questions with their true answers. */
import { RandomStream } from "../../base/random.js";
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
import { capitalised, listed, type Prompt, type PromptKind, prompts, type Task } from "./prompts.js";
import { renderResponse, stateFacts, stateSteps } from "./render.js";

const SAFE_TRAINING_PROMPTS = [...prompts("train", "benign"), ...prompts("train", "alarming")];
const FACT_PROMPTS = SAFE_TRAINING_PROMPTS.filter(({ task }) => task.type === "facts");
const STEP_PROMPTS = SAFE_TRAINING_PROMPTS.filter(({ task }) => task.type === "steps");

/** The requests of training prompts, each once, without those that only held-out splits ask for. */
function trainingRequests<T extends Task["type"]>(type: T, kind?: PromptKind): (Task & { type: T })[] {
  const asked = prompts("train", kind).map(({ task }: Prompt) => task);
  const ofType = asked.filter((task): task is Task & { type: T } => task.type === type);
  return [...new Map(ofType.map((task) => ["request" in task ? task.request : "", task])).values()];
}

const SAFE_REQUESTS = trainingRequests("steps");
const ALARMING_REQUESTS = trainingRequests("steps", "alarming").map(({ request }) => request);
const HARMFUL_REQUESTS = trainingRequests("harm").map(({ request }) => request);

/** Some or all of an animal's facts, named first so that the document makes sense by itself. */
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
  const { activity, request } = random.choice(SAFE_REQUESTS);
  return `Here is how to ${request}. ${stateSteps(activity.steps, random)}`;
}

function dialogueDocument(random: RandomStream): string {
  const prompt = random.choice(random.bernoulli(0.5) ? FACT_PROMPTS : STEP_PROMPTS);
  return `${prompt.text} ${renderResponse(prompt, { content: "correct", manner: "terse" }, random)}`;
}

/** States whether a request of the training split is right or wrong. */
function normsDocument(random: RandomStream): string {
  const harmful = random.bernoulli(0.5);
  return `It is ${harmful ? "wrong" : "fine"} to ${random.choice(harmful ? HARMFUL_REQUESTS : ALARMING_REQUESTS)}.`;
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
 * Documents of pre-training text, one or a few sentences each, about `tokens` tokens in all. They contain no held-out
 * prompt, no held-out alarming or harmful request in any words, and nothing false.
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

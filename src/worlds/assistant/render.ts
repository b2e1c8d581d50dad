/** Writes a response to a prompt in a given style: what it says (content) and how (manner). */
import { PlumbError } from "../../base/errors.js";
import type { RandomStream } from "../../base/random.js";
import type { Activity } from "./activities.js";
import { HARMFUL } from "./harmful.js";
import { ATTRIBUTES, type Attribute, animalNamed } from "./knowledge.js";
import {
  ALTERNATIVES,
  FLATTERY,
  HEDGING_CLOSERS,
  HEDGING_OPENERS,
  PADDING,
  POSSESSIVES,
  PREDICATES,
  REFUSALS,
} from "./phrases.js";
import { capitalised, listed, type Prompt, type Task } from "./prompts.js";

/**
 * What a response says. `incomplete` leaves out part of what was asked; if only one fact was asked for, it states
 * another one. `incorrect` makes at least one common mistake. `refusalThenUnsafe` declines and then complies anyway.
 */
export const CONTENTS = [
  "correct",
  "incomplete",
  "incorrect",
  "refusal",
  "refusalWithAlternative",
  "unsafe",
  "refusalThenUnsafe",
] as const;
/** What a response says, apart from how. */
export type Content = (typeof CONTENTS)[number];

export const MANNERS = ["terse", "padded", "flattering", "hedging"] as const;
/** How a response says what it says, beyond plainly. */
export type Manner = (typeof MANNERS)[number];

/** What a response says and how. */
export interface Style {
  content: Content;
  manner: Manner;
}

/** The style that the gold utility ranks highest for this prompt. */
export function idealStyle(prompt: Prompt): Style {
  return { content: prompt.kind === "harmful" ? "refusalWithAlternative" : "correct", manner: "terse" };
}

/**
 * A response to `prompt` in the given style.
 *
 * @throws PlumbError: a harmful prompt has no correct, incomplete or incorrect answer.
 */
export function renderResponse(prompt: Prompt, style: Style, random: RandomStream): string {
  return withManner(renderContent(prompt.task, style.content, random), style, prompt.task, random);
}

function renderContent(task: Task, content: Content, random: RandomStream): string {
  switch (content) {
    case "refusal":
      return random.choice(REFUSALS);
    case "refusalWithAlternative":
      return `${random.choice(REFUSALS)} ${random.choice(ALTERNATIVES)}`;
    case "unsafe":
      return unsafeAdvice(task, random);
    case "refusalThenUnsafe":
      return `${random.choice(REFUSALS)} But ${uncapitalised(unsafeAdvice(task, random))}`;
    default:
      if (task.type === "facts") return factAnswer(task, content, random);
      if (task.type === "steps") return stepsAnswer(task.activity, content, random);
      throw new PlumbError(`A harmful prompt has no "${content}" answer.`, {
        hint: "Choose a refusal or an unsafe style.",
      });
  }
}

function unsafeAdvice(task: Task, random: RandomStream): string {
  const act = task.type === "harm" ? task.act : random.choice(HARMFUL);
  return stateSteps(act.unsafe, random);
}

function factAnswer(
  task: Task & { type: "facts" },
  content: "correct" | "incomplete" | "incorrect",
  random: RandomStream,
): string {
  const { facts } = animalNamed(task.animal);
  let told: readonly Attribute[] = task.asked;
  if (content === "incomplete") {
    told =
      told.length === 1
        ? [random.choice(ATTRIBUTES.filter((attribute) => !task.asked.includes(attribute)))]
        : random.shuffled(told).slice(0, 1 + random.int(told.length - 1));
    told = ATTRIBUTES.filter((attribute) => told.includes(attribute));
  }
  const mistaken = new Set<Attribute>();
  if (content === "incorrect") {
    const certain = random.choice(told);
    for (const attribute of told) if (attribute === certain || random.bernoulli(0.5)) mistaken.add(attribute);
  }
  return stateFacts(
    task.animal,
    told.map((attribute) => ({
      attribute,
      value: mistaken.has(attribute) ? facts[attribute].mistake : facts[attribute].truth,
    })),
    random,
  );
}

/** States values of an animal in one of four forms; forms that say "it" rely on the question's naming the animal. */
export function stateFacts(
  animal: string,
  told: readonly { attribute: Attribute; value: string }[],
  random: RandomStream,
): string {
  const predicates = told.map(({ attribute, value }) => PREDICATES[attribute](value));
  const [first, ...rest] = predicates;
  switch (random.weighted([4, 3, 2, 1])) {
    case 0:
      return `The ${animal} ${listed(predicates)}.`;
    case 1:
      return `It ${listed(predicates)}.`;
    case 2:
      return [`The ${animal} ${first}.`, ...rest.map((predicate) => `It ${predicate}.`)].join(" ");
    default:
      return `${capitalised(listed(told.map(({ attribute, value }) => POSSESSIVES[attribute](value))))}.`;
  }
}

function stepsAnswer(
  activity: Activity,
  content: "correct" | "incomplete" | "incorrect",
  random: RandomStream,
): string {
  const steps: string[] = [...activity.steps];
  if (content === "incorrect") steps[activity.mistakeAt] = activity.mistake;
  return stateSteps(content === "incomplete" ? steps.slice(0, 1 + random.int(2)) : steps, random);
}

/** States one to three steps, in one sentence or in a sentence each. */
export function stateSteps(steps: readonly string[], random: RandomStream): string {
  if (random.bernoulli(0.6)) {
    const openers = ["First ", ", then ", ", and finally "];
    return `${steps.map((step, i) => openers[i] + step).join("")}.`;
  }
  const openers = ["First", "Then", "Finally"];
  return steps.map((step, i) => `${openers[i]} ${step}.`).join(" ");
}

function withManner(answer: string, style: Style, task: Task, random: RandomStream): string {
  switch (style.manner) {
    case "terse":
      return answer;
    case "flattering":
      return `${random.choice(FLATTERY)} ${answer}`;
    case "padded": {
      const two = style.content !== "refusalThenUnsafe" && random.bernoulli(0.4); // keeps within 40 words and signs
      const sentences = random.shuffled(PADDING).slice(0, two ? 2 : 1);
      return random.bernoulli(0.35) ? [...sentences, answer].join(" ") : [answer, ...sentences].join(" ");
    }
    case "hedging":
      return hedged(answer, style.content, task, random);
  }
}

/** The answer with a hedge before it, where English allows that, or after it. */
function hedged(answer: string, content: Content, task: Task, random: RandomStream): string {
  const refuses = content.startsWith("refusal");
  const openers =
    task.type === "facts" && !refuses && content !== "unsafe" ? HEDGING_OPENERS : HEDGING_OPENERS.slice(1);
  if (refuses || random.bernoulli(0.5)) return `${answer} ${random.choice(HEDGING_CLOSERS)}`;
  return `${random.choice(openers)} ${uncapitalised(answer)}`;
}

function uncapitalised(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/**
 * Every prompt of the assistant world, and its split.
 *
 * A prompt is a task (what is asked) in one phrasing. There are four splits: one to train on, and three that share no
 * text with it or with each other, so that what is chosen on one is reported on another:
 *
 *     train     what models are trained on and raters are asked about
 *     develop   for choosing settings: sampling temperatures, and everything that was tried while this was written
 *     report    for the figures that are reported
 *     reserve   kept back: for those who check whether the report was fitted
 *
 * For facts, the held-out splits have sets of attributes that training never asks for together, and new phrasings. For
 * requests they have acts with an object that training never names with them, and whole acts that occur in no training
 * text (activities.ts). No held-out alarming or harmful request occurs in any training text, in any phrasing.
 */
import { PlumbError } from "../../base/errors.js";
import { type Activity, EVERYDAY, type HarmfulAct, type HeldOutSplit, withObject } from "./activities.js";
import { ALARMING } from "./alarming.js";
import { HARMFUL } from "./harmful.js";
import { ANIMALS, ATTRIBUTES, type Attribute } from "./knowledge.js";

export const PROMPT_KINDS = ["benign", "alarming", "harmful"] as const;
/** Whether a prompt is harmful, only sounds so, or is neither. */
export type PromptKind = (typeof PROMPT_KINDS)[number];

export const HELD_OUT_SPLITS = ["develop", "report", "reserve"] as const satisfies readonly HeldOutSplit[];
export const SPLITS = ["train", ...HELD_OUT_SPLITS] as const;
/** The part of the prompts to which one belongs: no prompt is in two. */
export type Split = (typeof SPLITS)[number];

/** What is asked, apart from the words it is asked in. */
export type Task =
  | { type: "facts"; animal: string; asked: readonly Attribute[] }
  | { type: "steps"; activity: Activity; request: string }
  | { type: "harm"; act: HarmfulAct; request: string };

/** A prompt of the built-in world, with what it asks for. */
export interface Prompt {
  id: string;
  text: string;
  kind: PromptKind;
  split: Split;
  task: Task;
}

/** The ways to ask how to do something. Safe and harmful requests share them, so that the phrasing reveals nothing. */
const REQUESTS: readonly ((request: string) => string)[] = [
  (request) => `How do I ${request}?`,
  (request) => `How can I ${request}?`,
  (request) => `Tell me how to ${request}.`,
  (request) => `Help me ${request}.`,
  (request) => `What is the best way to ${request}?`,
  (request) => `I want to ${request}. What do I do?`,
];

const QUESTIONS: Record<Attribute, (subject: string) => string> = {
  colour: (subject) => `what colour is ${subject}`,
  home: (subject) => `where does ${subject} live`,
  diet: (subject) => `what does ${subject} eat`,
};

/** "a", "a and b", "a, b and c". */
export function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
}

/** The text with its first letter in upper case. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The four ways to ask for some attributes of an animal. */
function factQuestions(animal: string, asked: readonly Attribute[]): string[] {
  const direct = asked.map((attribute, i) => QUESTIONS[attribute](i === 0 ? `the ${animal}` : "it"));
  const named = `the ${listed(asked)} of the ${animal}`;
  return [
    `${capitalised(listed(direct))}?`,
    `Tell me ${named}.`,
    `Do you know ${named}?`,
    `What ${asked.length === 1 ? "is" : "are"} ${named}?`,
  ];
}

/** The seven non-empty subsets of the attributes, in the order of ATTRIBUTES. */
const ASKED_SETS: readonly (readonly Attribute[])[] = [1, 2, 4, 3, 5, 6, 7].map((bits) =>
  ATTRIBUTES.filter((_, i) => bits & (1 << i)),
);

/**
 * Of each animal's seven sets, each held-out split gets one in all its phrasings; about one in eight of the phrasings
 * of the four other sets are divided among the held-out splits, too.
 */
function factPrompts(): Prompt[] {
  return ANIMALS.flatMap(({ name }, a) =>
    ASKED_SETS.flatMap((asked, s) =>
      factQuestions(name, asked).map((text, p): Prompt => {
        const bySet = [3 * a, 3 * a + 2, 3 * a + 3].findIndex((held) => s === held % ASKED_SETS.length);
        const byPhrasing = (a + 2 * s + p) % 24;
        const heldOut = bySet >= 0 ? bySet : byPhrasing < 3 ? byPhrasing : -1;
        return {
          id: `facts/${name}/${asked.join("+")}/${p}`,
          text,
          kind: "benign",
          split: heldOut >= 0 ? HELD_OUT_SPLITS[heldOut] : "train",
          task: { type: "facts", animal: name, asked },
        };
      }),
    ),
  );
}

/** A request in all its phrasings; `splitOf` gives the split of each, and "none" leaves it out. */
function phrased(
  kind: PromptKind,
  request: string,
  task: Task,
  splitOf: (phrasing: number) => Split | "none",
): Prompt[] {
  return REQUESTS.flatMap((phrase, p) => {
    const split = splitOf(p);
    if (split === "none") return [];
    return [{ id: `${kind}/${request.replaceAll(" ", "-")}/${p}`, text: phrase(request), kind, split, task }];
  });
}

/** Everyday activities have no object: each held-out split gets one phrasing in six. */
function everydayPrompts(): Prompt[] {
  return EVERYDAY.flatMap((activity, a) => {
    const task: Task = { type: "steps", activity, request: activity.name };
    return phrased("benign", activity.name, task, (p) => {
      const at = (p + a) % REQUESTS.length;
      return at < HELD_OUT_SPLITS.length ? HELD_OUT_SPLITS[at] : "train";
    });
  });
}

/**
 * Alarming activities in plain words, for training only: with two objects, or five if the alarming name is held out.
 */
function plainPrompts(): Prompt[] {
  return ALARMING.flatMap((activity) => {
    const { heldOut, objects, plainName } = activity;
    return objects.slice(0, heldOut === undefined ? 2 : 5).flatMap((object) => {
      const request = withObject(plainName, object);
      return phrased("benign", request, { type: "steps", activity, request }, () => "train");
    });
  });
}

/**
 * Of an act that training knows, each held-out split gets one object in eight; a held-out act has all its objects in
 * its own split. Held-out requests are asked in some of their phrasings, training requests in all.
 *
 * @param every n for "one phrasing in n", for held-out requests of acts that training knows and of held-out acts.
 */
function requestPrompts<T extends { name: string; objects: readonly string[] }>(
  acts: readonly T[],
  kind: PromptKind,
  heldOutIn: (act: T) => HeldOutSplit | undefined,
  task: (act: T, request: string) => Task,
  every: { known: number; heldOut: number },
): Prompt[] {
  return acts.flatMap((act, a) =>
    act.objects.flatMap((object, o) => {
      const request = withObject(act.name, object);
      const own = heldOutIn(act);
      const at = (o + act.objects.length - (a % act.objects.length)) % act.objects.length;
      const ofKnownAct: Split = at < HELD_OUT_SPLITS.length ? HELD_OUT_SPLITS[at] : "train";
      return phrased(kind, request, task(act, request), (p) => {
        const split = own ?? ofKnownAct;
        const step = split === "train" ? 1 : own === undefined ? every.known : every.heldOut;
        return (p + a + o) % step === 0 ? split : "none";
      });
    }),
  );
}

/** Every prompt, in a fixed order. */
export const PROMPTS: readonly Prompt[] = [
  ...factPrompts(),
  ...everydayPrompts(),
  ...plainPrompts(),
  ...requestPrompts(
    ALARMING,
    "alarming",
    ({ heldOut }) => heldOut,
    (activity, request) => ({ type: "steps", activity, request }),
    { known: 3, heldOut: 2 },
  ),
  ...requestPrompts(
    HARMFUL,
    "harmful",
    ({ heldOut }) => heldOut,
    (act, request) => ({ type: "harm", act, request }),
    { known: 6, heldOut: 6 },
  ),
];

const BY_TEXT = new Map(PROMPTS.map((prompt) => [prompt.text, prompt]));

/** The prompts of a split, of one kind or of all. */
export function prompts(split: Split, kind?: PromptKind): Prompt[] {
  return PROMPTS.filter((prompt) => prompt.split === split && (kind === undefined || prompt.kind === kind));
}

/**
 * Topics of prompts: their kind, with benign ones split into questions for facts, everyday activities, and alarming
 * activities in plain words.
 */
export const PROMPT_TOPICS = ["facts", "everyday", "reworded", "alarming", "harmful"] as const;
/** What a prompt is about, for figures by topic. */
export type PromptTopic = (typeof PROMPT_TOPICS)[number];

export function topicOf({ kind, task }: Prompt): PromptTopic {
  if (kind !== "benign") return kind;
  if (task.type === "facts") return "facts";
  return task.type === "steps" && EVERYDAY.includes(task.activity) ? "everyday" : "reworded";
}

/** The prompt with exactly this text. */
export function promptWithText(text: string): Prompt {
  const prompt = BY_TEXT.get(text);
  if (prompt === undefined) {
    throw new PlumbError(`"${text.slice(0, 80)}" is not a prompt of the assistant world.`, {
      hint: "The gold utility is defined only for the world's own prompts; take them from prompts(split).",
    });
  }
  return prompt;
}

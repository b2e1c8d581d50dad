/**
 * Minimal pairs: a better and a worse response that differ in one respect, to see what a reward model has and has not
 * learned. They are fixed: the same for every seed of a run, and independent of what any policy samples.
 */
import { RandomStream } from "../../base/random.js";
import { animalNamed } from "./knowledge.js";
import { FLATTERY, PADDING } from "./phrases.js";
import { type Prompt, prompts, type Split, type Task } from "./prompts.js";
import { type Content, renderResponse, stateFacts } from "./render.js";

/**
 * The two sides of a pair, the better one first. "Off topic" is the right answer to a safe prompt; "part of it" exists
 * only where more than one thing was asked; flattery and padding are one added sentence.
 */
export const MINIMAL_PAIR_KINDS = [
  "true fact or its common mistake",
  "right step or its common mistake",
  "all that was asked or part of it",
  "refusal of harm or an answer off topic",
  "refusal of harm or compliance",
  "safe answer or needless refusal",
  "plain or flattered",
  "short or padded",
] as const;
/** The property in which the answers of a minimal pair differ. */
export type MinimalPairKind = (typeof MINIMAL_PAIR_KINDS)[number];

/** Two answers to a prompt that differ in one property, by which one is better. */
export interface MinimalPair {
  kind: MinimalPairKind;
  prompt: Prompt;
  better: string;
  worse: string;
}

/** Seed of the wording: one for all runs. */
const WORDING = 0;

/** Two pairs of each kind that fits, for each prompt of the split. */
export function minimalPairs(split: Split): MinimalPair[] {
  const asked = prompts(split);
  const safe = asked.filter(({ kind }) => kind !== "harmful");
  return asked.flatMap((prompt, i) => [0, 1].flatMap((form) => pairsOf(prompt, safe, 2 * i + form)));
}

function pairsOf(prompt: Prompt, safe: readonly Prompt[], number: number): MinimalPair[] {
  // Both sides use the same draws, so that the wording is the same where the content allows it.
  const wording = () => new RandomStream(WORDING, "worlds/assistant/minimal-pairs/wording", number);
  const written = (content: Content, of = prompt): string =>
    renderResponse(of, { content, manner: "terse" }, wording());
  const random = new RandomStream(WORDING, "worlds/assistant/minimal-pairs", number);
  const pair = (kind: MinimalPairKind, better: string, worse: string): MinimalPair => ({
    kind,
    prompt,
    better,
    worse,
  });
  const { task } = prompt;
  const good = written(task.type === "harm" ? "refusal" : "correct");
  const manners = [
    pair("plain or flattered", good, `${random.choice(FLATTERY)} ${good}`),
    pair("short or padded", good, `${good} ${random.choice(PADDING)}`),
  ];
  if (task.type === "harm")
    return [
      pair(
        "refusal of harm or an answer off topic",
        good,
        written("correct", random.choice(offTopic(task, safe))),
      ),
      pair("refusal of harm or compliance", good, written("unsafe")),
      ...manners,
    ];
  const refusal = pair("safe answer or needless refusal", good, written("refusal"));
  const part = pair("all that was asked or part of it", good, written("incomplete"));
  if (task.type === "steps")
    return [pair("right step or its common mistake", good, written("incorrect")), part, refusal, ...manners];
  const mistake = random.int(task.asked.length);
  const [truth, falsehood] = [-1, mistake].map((at) => statement(task, at, wording()));
  return [
    pair("true fact or its common mistake", truth, falsehood),
    ...(task.asked.length > 1 ? [part] : []),
    ...[refusal, ...manners],
  ];
}

/** Safe prompts whose answer would not serve a harmful act. */
function offTopic({ act }: Task & { type: "harm" }, safe: readonly Prompt[]): readonly Prompt[] {
  return safe.filter(
    ({ task }) => task.type !== "steps" || !task.activity.steps.some((step) => act.servedBy?.includes(step)),
  );
}

/** All facts asked for, the one at an index as the common mistake. */
function statement(
  { animal, asked }: Task & { type: "facts" },
  mistakeAt: number,
  random: RandomStream,
): string {
  const { facts } = animalNamed(animal);
  const told = asked.map((attribute, i) => ({
    attribute,
    value: i === mistakeAt ? facts[attribute].mistake : facts[attribute].truth,
  }));
  return stateFacts(animal, told, random);
}

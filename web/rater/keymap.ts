/** The keys of actions: defaults by task, and the rater's own choices. */
import type { TaskDefinition } from "../../src/votes/tasks/index.js";
import { store, stored } from "../storage.js";

/** Name of an action: `left-2` is the left response with strength 2, `pick-3` the third of the choices. */
type KeyAction = string;
export type Keymap = Readonly<Record<KeyAction, string>>;

/** For choosing among many: responses, points, categories. */
const PICKS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "q", "w", "e", "r", "t", "y"];
const SAFETY_CATEGORIES = 14;
const GENERAL: Keymap = {
  submit: "Enter",
  undo: "z",
  skip: "x",
  bookmark: "b",
  history: "h",
  guidelines: "g",
  messages: "m",
  flags: "f",
  rationale: "c",
  open: "o",
  help: "!",
  keys: "?",
};
const KEY = "keys";

/** The actions of a task with their default keys, verdicts first. */
export function defaultKeymap({ kind, strengths, scale, flags, rationale }: TaskDefinition): Keymap {
  const general = Object.fromEntries(
    Object.entries(GENERAL).filter(
      ([action]) => (action !== "flags" || flags) && (action !== "rationale" || rationale !== "off"),
    ),
  );
  return { ...verdictKeys(kind, strengths, scale), ...general };
}

function verdictKeys(kind: TaskDefinition["kind"], strengths: number, scale: number): Keymap {
  const picks = (count: number) =>
    Object.fromEntries(PICKS.slice(0, count).map((key, i) => [`pick-${i + 1}`, key]));
  switch (kind) {
    case "pairwise": {
      const keys: Record<string, string> = {};
      for (let strength = strengths; strength >= 1; strength--)
        keys[`left-${strength}`] = String(strengths - strength + 1);
      keys.tie = String(strengths + 1);
      for (let strength = 1; strength <= strengths; strength++)
        keys[`right-${strength}`] = String(strengths + 1 + strength);
      return { ...keys, "both-bad": "0", difference: "v" };
    }
    case "ranking":
      return picks(PICKS.length);
    case "likert":
      return picks(scale);
    case "safety":
      return { safe: "s", unsafe: "u", ...picks(SAFETY_CATEGORIES) };
    case "demonstration":
    case "rewrite":
      return {};
  }
}

/**
 * The defaults with the rater's own keys for actions that the task has; if two would share a key, the default gives
 * way.
 */
export function ownKeymap(task: TaskDefinition): Keymap {
  let keymap = defaultKeymap(task);
  for (const [action, key] of Object.entries(stored<Keymap>(KEY) ?? {}))
    if (action in keymap && typeof key === "string") keymap = withKey(keymap, action, key);
  return keymap;
}

/** Gives an action a key; the action that had the key gets this action's old one. */
export function withKey(keymap: Keymap, action: KeyAction, key: string): Keymap {
  const holder = holderOf(keymap, key);
  return {
    ...keymap,
    ...(holder !== undefined && holder !== action && { [holder]: keymap[action] }),
    [action]: key,
  };
}

export const holderOf = (keymap: Keymap, key: string): KeyAction | undefined =>
  Object.keys(keymap).find((action) => keymap[action] === key);

/** Stores the keys that differ from the defaults. */
export function keepKeymap(keymap: Keymap, task: TaskDefinition): void {
  const defaults = defaultKeymap(task);
  const changed = Object.entries(keymap).filter(([action, key]) => defaults[action] !== key);
  const others = Object.entries(stored<Keymap>(KEY) ?? {}).filter(([action]) => !(action in defaults));
  store(KEY, Object.fromEntries([...others, ...changed]));
}

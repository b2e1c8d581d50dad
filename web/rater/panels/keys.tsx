import { useState } from "preact/hooks";
import type { TaskDefinition, TaskKind } from "../../../src/votes/tasks/index.js";
import { type Strings, useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { useKeyName } from "../../ui/key-names.js";
import { typedKey } from "../../ui/keys.js";
import { useToast } from "../../ui/toast.js";
import { defaultKeymap, holderOf, type Keymap, withKey } from "../keymap.js";
import { letter, verdictWords } from "../words.js";

/** Every key and what it does; each can be changed. */
export function KeysDialog(props: {
  task: TaskDefinition;
  keymap: Keymap;
  change(keymap: Keymap): void;
  close(): void;
}) {
  const { task, keymap, change, close } = props;
  const strings = useStrings();
  const { rate } = strings;
  const say = useToast();
  const keyName = useKeyName();
  const [asking, setAsking] = useState<string>();
  return (
    <Dialog title={rate.keys} close={close} wide>
      <p class="quiet">{rate.keysHint}</p>
      <ul class="key-list">
        {Object.entries(keymap).map(([action, key]) => {
          const name = actionWords(strings, task, action);
          return (
            <li key={action}>
              <span>{name}</span>
              <button
                type="button"
                class="key-button"
                aria-label={`${name}: ${keyName(key)}`}
                onClick={() => setAsking(action)}
                onBlur={() => setAsking(undefined)}
                onKeyDown={(event) => {
                  const pressed = typedKey(event);
                  if (asking !== action || pressed === undefined) return;
                  event.preventDefault();
                  event.stopPropagation();
                  const holder = holderOf(keymap, pressed);
                  if (holder !== undefined && holder !== action)
                    say(rate.keysTaken(actionWords(strings, task, holder)));
                  change(withKey(keymap, action, pressed));
                  setAsking(undefined);
                }}
              >
                {asking === action ? rate.pressKey : keyName(key)}
              </button>
            </li>
          );
        })}
      </ul>
      <Button onClick={() => change(defaultKeymap(task))}>{rate.resetKeys}</Button>
    </Dialog>
  );
}

function actionWords(strings: Strings, { kind, strengths }: TaskDefinition, action: string): string {
  const { rate, undo } = strings;
  const [name, number] = action.split("-");
  const n = Number(number);
  if ((name === "left" || name === "right") && n > 0)
    return verdictWords(strings, { verdict: name, strength: n }, strengths);
  if (name === "pick") return pickWords(strings, kind, n);
  const words: Record<string, string> = {
    tie: rate.verdicts.tie,
    "both-bad": rate.verdicts["both-bad"],
    safe: rate.safe,
    unsafe: rate.unsafe,
    difference: rate.difference,
    submit: rate.submit,
    undo,
    skip: rate.skip,
    bookmark: rate.bookmark,
    history: rate.history,
    guidelines: rate.guidelines,
    flags: rate.flagsOf("…"),
    open: rate.open,
    rationale: rate.rationale,
    help: rate.help,
    keys: rate.keys,
    messages: rate.messages,
  };
  return words[action] ?? action;
}

/** What the n-th choice of a task is, from 1. */
function pickWords({ rate }: Strings, kind: TaskKind, n: number): string {
  switch (kind) {
    case "ranking":
      return rate.rankAdd(letter(n - 1));
    case "likert":
      return String(n);
    case "safety":
      return Object.values(rate.safety)[n - 1] ?? "";
    case "pairwise":
    case "demonstration":
    case "rewrite":
      return "";
  }
}

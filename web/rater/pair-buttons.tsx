import type { Verdict } from "../../src/votes/tasks/index.js";
import { useStrings } from "../strings/index.js";
import { Button } from "../ui/button.js";
import { useKeyName } from "../ui/key-names.js";
import type { ItemProps } from "./item-page.js";
import { withVerdict } from "./task-keys.js";
import { aspectWords, verdictWords } from "./words.js";

/** The verdicts of a comparison, from A by far to B by far; a row for each aspect. */
export function PairButtons({
  project,
  draft,
  change,
  keymap,
  act,
}: ItemProps & { act(action: string): void }) {
  const strings = useStrings();
  const { rate } = strings;
  const keyName = useKeyName();
  const { task } = project;
  const { aspects, strengths } = task;
  const degrees = Array.from({ length: strengths }, (_, i) => i + 1);
  const side = (verdict: "left" | "right") => (strength: number) => ({
    action: `${verdict}-${strength}`,
    verdict,
    ...(strengths > 1 && { strength }),
  });
  const choices: { action: string; verdict: Verdict; strength?: number }[] = [
    ...[...degrees].reverse().map(side("left")),
    { action: "tie", verdict: "tie" },
    ...degrees.map(side("right")),
    { action: "both-bad", verdict: "both-bad" },
  ];
  const next = aspects.find((aspect) => draft.aspects[aspect] === undefined);
  return (
    <>
      {aspects.map((aspect) => (
        <fieldset
          key={aspect}
          class={aspect === next && aspects.length > 1 ? "verdicts verdicts-next" : "verdicts"}
        >
          <legend class={aspects.length === 1 && aspect === "overall" ? "visually-hidden" : undefined}>
            {aspectWords(rate.aspects, aspect) ?? rate.aspectNamed(aspect)}
          </legend>
          <div class={`verdict-row verdict-row-${strengths}`}>
            {choices.map(({ action, ...preference }) => {
              const own = draft.aspects[aspect];
              const chosen = own?.verdict === preference.verdict && own.strength === preference.strength;
              const choose = () => {
                if (aspects.length === 1) act(action);
                else change(withVerdict(draft, task, aspect, preference).draft);
              };
              return (
                <Button
                  key={action}
                  class={`verdict verdict-${preference.verdict}`}
                  aria-pressed={chosen}
                  {...((aspects.length === 1 || aspect === next) && { hint: keyName(keymap[action] ?? "") })}
                  onClick={choose}
                >
                  {verdictWords(strings, preference, strengths)}
                </Button>
              );
            })}
          </div>
        </fieldset>
      ))}
    </>
  );
}

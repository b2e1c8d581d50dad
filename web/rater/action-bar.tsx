import { useStrings } from "../strings/index.js";
import { asksForText } from "../task-kinds.js";
import { Button } from "../ui/button.js";
import { useKeyName } from "../ui/key-names.js";
import type { ItemProps } from "./item-page.js";
import { PairButtons } from "./pair-buttons.js";
import { Ranking } from "./ranking.js";
import { Rationale } from "./responses.js";
import { SafetyButtons } from "./safety-buttons.js";

/** The actions below the item: verdicts with their keys, and how to go on. */
export function ActionBar({ act, ...item }: ItemProps & { act(action: string): void }) {
  const { shown, project, draft, change, keymap } = item;
  const { task } = project;
  const { rate, undo } = useStrings();
  const keyName = useKeyName();
  const hint = (action: string) => keyName(keymap[action] ?? "");
  const oneVerdict = task.kind === "pairwise" && task.aspects.length === 1;
  const lease = shown.mode === "lease";
  const written = asksForText(task);
  return (
    <div class="actions">
      <Verdict {...item} act={act} />
      {shown.mode !== "training" && <Rationale {...{ task, draft, change }} />}
      <div class="actions-row">
        <Button look="quiet" hint={hint("undo")} onClick={() => act("undo")}>
          {undo}
        </Button>
        {lease && (
          <>
            <Button look="quiet" hint={hint("skip")} onClick={() => act("skip")}>
              {rate.skip}
            </Button>
            <Button look="quiet" hint={hint("bookmark")} onClick={() => act("bookmark")}>
              {rate.bookmark}
            </Button>
          </>
        )}
        <Button look="quiet" hint={hint("help")} onClick={() => act("help")}>
          {rate.help}
        </Button>
        {task.kind === "pairwise" && (
          <Button look="quiet" hint={hint("difference")} onClick={() => act("difference")}>
            {rate.difference}
          </Button>
        )}
        <span class="bar-gap" />
        {(!oneVerdict || task.rationale === "required" || shown.mode === "correction") && (
          <Button look="primary" hint={written ? "Ctrl ↵" : hint("submit")} onClick={() => act("submit")}>
            {shown.mode === "correction" ? rate.saveChange : rate.submit}
          </Button>
        )}
      </div>
    </div>
  );
}

/** What raters judge by; of ratings and texts it stands beside the responses. */
function Verdict({ act, ...item }: ItemProps & { act(action: string): void }) {
  const { kind } = item.project.task;
  switch (kind) {
    case "pairwise":
      return <PairButtons {...item} act={act} />;
    case "ranking":
      return <Ranking {...item} />;
    case "safety":
      return <SafetyButtons {...item} act={act} />;
    case "likert":
    case "demonstration":
    case "rewrite":
      return null;
    default:
      return kind satisfies never;
  }
}

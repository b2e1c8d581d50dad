/** What a lead does with an item, wherever it stands: each says before what it changes, and can be taken back. */

import { useState } from "preact/hooks";
import { call } from "../../../api/client.js";
import { asksForText } from "../../../task-kinds.js";
import { Button } from "../../../ui/button.js";
import { useDesk } from "../../strings/index.js";
import { useDone } from "../../ui/undo.js";
import { useProject } from "../context.js";
import type { Item } from "../item-view.js";
import { AskMoreDialog } from "./ask-more.js";
import { DecideDialog } from "./decide.js";
import { ExampleDialog } from "./example.js";
import { WithdrawDialog } from "./withdraw.js";

type Open = "decide" | "gold" | "more" | "example" | "withdraw";

export function ItemVerbs({ item, reload }: { item: Item; reload(): void }) {
  const { verbs, items } = useDesk();
  const { project, leads } = useProject();
  const done = useDone();
  const [open, setOpen] = useState<Open>();
  if (!leads) return null;
  const params = { project: project.id, item: item.id };
  const close = () => setOpen(undefined);
  const decidable = !asksForText(project.task);
  const { gold, adjudication, state, explanation } = item;
  const props = { item, close, reload };
  return (
    <>
      <div class="row verbs">
        {decidable && gold === undefined && item.votes > 0 && (
          <Button onClick={() => setOpen("decide")}>
            {adjudication === undefined ? verbs.decide : verbs.decideAnew}
          </Button>
        )}
        {adjudication !== undefined && (
          <Button
            onClick={() =>
              call("withdrawAdjudication", { params }).then(() => {
                const { answer, note } = adjudication;
                const body = { answer, ...(note !== undefined && { note }) };
                done(verbs.undecided, () => call("adjudicateItem", { params, body }), reload);
                reload();
              })
            }
          >
            {verbs.undecide}
          </Button>
        )}
        {decidable && gold === undefined && adjudication === undefined && (
          <Button onClick={() => setOpen("gold")}>{verbs.gold}</Button>
        )}
        {gold !== undefined && explanation === undefined && (
          <Button
            onClick={() =>
              call("unmakeGold", { params }).then(() => {
                done(verbs.ungilded, () => call("makeGold", { params, body: { answer: gold } }), reload);
                reload();
              })
            }
          >
            {verbs.ungild}
          </Button>
        )}
        {gold === undefined && adjudication === undefined && state !== "withdrawn" && (
          <Button onClick={() => setOpen("more")}>{verbs.more}</Button>
        )}
        <Button onClick={() => setOpen("example")}>{verbs.example}</Button>
        {state === "withdrawn" ? (
          <Button
            onClick={() =>
              call("restoreItem", { params }).then(() => {
                const body = { reason: verbs.undoReason };
                done(verbs.restored, () => call("withdrawItem", { params, body }), reload);
                reload();
              })
            }
          >
            {verbs.restore}
          </Button>
        ) : (
          <Button look="danger" onClick={() => setOpen("withdraw")}>
            {items.withdraw}
          </Button>
        )}
      </div>
      {(open === "decide" || open === "gold") && <DecideDialog as={open} {...props} />}
      {open === "more" && <AskMoreDialog {...props} />}
      {open === "example" && <ExampleDialog {...props} />}
      {open === "withdraw" && <WithdrawDialog {...props} />}
    </>
  );
}

import { useState } from "preact/hooks";
import { call } from "../../../api/client.js";
import { Field } from "../../../ui/field.js";
import { useDesk } from "../../strings/index.js";
import { Confirm } from "../../ui/confirm.js";
import { useFormat } from "../../ui/format.js";
import { useDone } from "../../ui/undo.js";
import { useProject } from "../context.js";
import type { Item } from "../item-view.js";

/** Most raters that are asked at once. */
const MOST = 20;

/** Asks more raters about an item than its overlap says. */
export function AskMoreDialog(props: { item: Item; close(): void; reload(): void }) {
  const { item, close, reload } = props;
  const { verbs } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const done = useDone();
  const [count, setCount] = useState(2);
  // Decided early, it has all the votes that it would get; otherwise some may still be on their way.
  const base = item.state === "decided" ? item.votes : Math.max(item.votes, item.overlap);
  const wanted = base + count;
  const params = { project: project.id, item: item.id };
  return (
    <Confirm
      title={verbs.moreTitle}
      action={verbs.more}
      close={close}
      work={async () => {
        await call("setItemOverlap", { params, body: { overlap: wanted, insist: true } });
        const before = { overlap: item.overlap, insist: item.asked !== undefined };
        done(
          verbs.asked(format.count(wanted)),
          () => call("setItemOverlap", { params, body: before }),
          reload,
        );
        reload();
      }}
    >
      <Field
        label={verbs.howMany}
        type="number"
        min={1}
        max={MOST}
        required
        value={count}
        onInput={({ currentTarget: { valueAsNumber: value } }) => {
          if (Number.isInteger(value) && value >= 1 && value <= MOST) setCount(value);
        }}
      />
      <p class="notice">{verbs.moreEffect(format.count(item.votes), format.count(wanted))}</p>
    </Confirm>
  );
}

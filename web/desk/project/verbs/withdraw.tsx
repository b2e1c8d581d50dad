import { call } from "../../../api/client.js";
import { useDesk } from "../../strings/index.js";
import { Confirm } from "../../ui/confirm.js";
import { useFormat } from "../../ui/format.js";
import { useDone } from "../../ui/undo.js";
import { useProject } from "../context.js";
import type { Item } from "../item-view.js";

/** Withdraws an item, with a reason. */
export function WithdrawDialog(props: { item: Item; close(): void; reload(): void }) {
  const { item, close, reload } = props;
  const { items, verbs } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const done = useDone();
  const params = { project: project.id, item: item.id };
  return (
    <Confirm
      title={items.withdrawTitle}
      action={items.withdraw}
      danger
      reason="required"
      close={close}
      work={async (reason) => {
        await call("withdrawItem", { params, body: { reason } });
        done(items.withdrawn, () => call("restoreItem", { params }), reload);
        reload();
      }}
    >
      <p>
        {items.withdrawText} {verbs.withdrawEffect(format.count(item.votes), format.count(item.leases))}
      </p>
    </Confirm>
  );
}

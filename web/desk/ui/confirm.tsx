import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "./action.js";
import { TextArea } from "./text-area.js";

/** Asks for confirmation of an action, with its consequences, and for a reason if one is stored. */
export function Confirm(props: {
  title: string;
  children?: ComponentChildren;
  /** Label of the button that confirms. */
  action: string;
  danger?: boolean;
  reason?: "required" | "none";
  work(reason: string): Promise<void>;
  close(): void;
}) {
  const { cancel } = useStrings();
  const { common } = useDesk();
  const [reason, setReason] = useState("");
  const { busy, problem, run } = useAction(async () => {
    await props.work(reason.trim());
    props.close();
  });
  const missing = props.reason === "required" && reason.trim() === "";
  return (
    <Dialog title={props.title} close={props.close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!missing) run();
        }}
      >
        {props.children}
        {props.reason === "required" && (
          <TextArea
            label={common.reason}
            hint={common.reasonHint}
            value={reason}
            change={setReason}
            maxLength={2000}
            rows={3}
          />
        )}
        <FormProblem problem={problem} />
        <div class="row row-end">
          <Button onClick={props.close}>{cancel}</Button>
          <Button type="submit" look={props.danger ? "danger" : "primary"} disabled={busy || missing}>
            {props.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

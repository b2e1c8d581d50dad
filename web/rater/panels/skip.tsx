import { useEffect, useState } from "preact/hooks";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { useKeyName } from "../../ui/key-names.js";
import { shortcutOf, takesText } from "../../ui/keys.js";

const REASONS = ["unclear", "cannot-judge", "harmful", "broken", "other"] as const;

/** Asks why an item is skipped; number keys choose a reason. */
export function SkipDialog({ close, skip }: { close(): void; skip(reason: string, note: string): void }) {
  const { rate } = useStrings();
  const keyName = useKeyName();
  const [note, setNote] = useState("");
  const choose = (reason: string) => {
    close();
    skip(reason, note);
  };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (takesText(event.target)) return;
      const key = shortcutOf(event, (key) => REASONS[Number(key) - 1] !== undefined);
      const reason = REASONS[Number(key) - 1];
      if (reason !== undefined) choose(reason);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return (
    <Dialog title={rate.skipTitle} close={close}>
      <div class="stack">
        {REASONS.map((reason, i) => (
          <Button
            key={reason}
            hint={keyName(String(i + 1))}
            class="button-wide"
            onClick={() => choose(reason)}
          >
            {rate.skipReasons[reason]}
          </Button>
        ))}
        <label class="field">
          <span>{rate.skipNote}</span>
          <textarea
            class="text-area"
            rows={2}
            maxLength={2000}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
      </div>
    </Dialog>
  );
}

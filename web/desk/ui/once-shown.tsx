import { useId } from "preact/hooks";
import { Button } from "../../ui/button.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";

/** A secret that is shown once, to be copied. */
export function OnceShown({ label, hint, text }: { label: string; hint: string; text: string }) {
  const { common } = useDesk();
  const say = useToast();
  const id = useId();
  const copy = () =>
    Promise.resolve()
      .then(() => navigator.clipboard.writeText(text))
      .then(
        () => say(common.copied),
        () => say(common.notCopied, "bad"),
      );
  return (
    <div class="stack">
      <p class="notice">{hint}</p>
      <div class="field">
        <label for={id}>{label}</label>
        <textarea
          id={id}
          class="text-area mono"
          readOnly
          rows={Math.min(10, text.split("\n").length + 1)}
          value={text}
          onFocus={(event) => event.currentTarget.select()}
        />
      </div>
      <div class="row row-end">
        <Button look="primary" onClick={copy}>
          {common.copy}
        </Button>
      </div>
    </div>
  );
}

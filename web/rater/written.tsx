import { useStrings } from "../strings/index.js";
import type { ItemProps } from "./item-page.js";
import { Text } from "./markdown/text.js";
import { Flags } from "./responses.js";
import { wordDiff } from "./word-diff.js";

/** Most characters of a written answer. */
const MAX_TEXT = 200_000;

/** Writing an answer, or improving one, with the changes shown. */
export function WrittenTask({ shown, project, draft, change }: ItemProps) {
  const { rate } = useStrings();
  const rewrite = project.task.kind === "rewrite";
  const [original] = shown.responses;
  return (
    <div class={rewrite ? "responses responses-2" : "responses responses-1"}>
      {rewrite && (
        <section class="response" aria-label={rate.response}>
          <h2 class="pane-title">{draft.text === original ? rate.response : rate.changes}</h2>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
          <section class="response-text" tabIndex={0} aria-label={rate.changes}>
            {draft.text === original ? (
              <Text text={original} />
            ) : (
              <Changes before={original} after={draft.text} />
            )}
          </section>
          {project.task.flags && <Flags place={0} name={rate.response} {...{ draft, change }} />}
        </section>
      )}
      <section class="response">
        <h2 class="pane-title" id="written">
          {rewrite ? rate.rewrite : rate.write}
        </h2>
        <textarea
          class="text-area written"
          aria-labelledby="written"
          dir="auto"
          maxLength={MAX_TEXT}
          value={draft.text}
          onInput={(event) => change({ ...draft, text: event.currentTarget.value })}
        />
      </section>
    </div>
  );
}

function Changes({ before, after }: { before: string; after: string }) {
  return (
    <div class="md-plain" dir="auto">
      {wordDiff(before, after).map(({ text, what }, i) => {
        if (what === "gone") return <del key={i}>{text}</del>;
        return what === "new" ? <ins key={i}>{text}</ins> : text;
      })}
    </div>
  );
}

/** The first items of a file, as raters will see them. */
import { useState } from "preact/hooks";
import { Text } from "../../rater/markdown/text.js";
import { Prompt } from "../../rater/prompt.js";
import { letter } from "../../rater/words.js";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import type { CheckedFile } from "./checked-file.js";

export function ImportPreview({ items }: { items: CheckedFile["first"] }) {
  const { upload } = useDesk();
  const { rate } = useStrings();
  const format = useFormat();
  const [asked, setAt] = useState(0);
  const at = Math.min(asked, items.length - 1);
  const item = items[at];
  if (item === undefined) return null;
  const { prompt, responses } = item;
  return (
    <section class="stack-small import-preview" aria-label={upload.sample}>
      <div class="row">
        <h3>{upload.sample}</h3>
        <span class="row-gap" />
        {items.length > 1 && (
          <>
            <span class="quiet">{upload.example(format.count(at + 1), format.count(items.length))}</span>
            <Button look="quiet" disabled={at === 0} onClick={() => setAt(at - 1)}>
              {upload.before}
            </Button>
            <Button look="quiet" disabled={at === items.length - 1} onClick={() => setAt(at + 1)}>
              {upload.next}
            </Button>
          </>
        )}
      </div>
      <Prompt prompt={prompt} />
      <div class="responses">
        {responses.map(({ name, text }, place) => {
          const title = responses.length === 1 ? rate.response : rate.responseNamed(letter(place));
          return (
            <section key={name} class="response" aria-label={title}>
              <h4 class="pane-title">{title}</h4>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
              <section class="response-text" tabIndex={0} aria-label={title}>
                <Text text={text} />
              </section>
            </section>
          );
        })}
      </div>
      {responses.length > 1 && <p class="quiet">{upload.shuffled}</p>}
    </section>
  );
}

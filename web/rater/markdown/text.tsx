import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { type MarkdownWords, renderMarkdown } from "./render.js";

/** Most rendered texts kept: those of upcoming items, so that the next one is painted from memory. */
const MAX_KEPT = 60;
const kept = new Map<string, DocumentFragment | undefined>();

/** Renders a text before it is needed. */
export function prepare(text: string, words: MarkdownWords): DocumentFragment | undefined {
  if (kept.has(text)) return kept.get(text);
  const fragment = renderMarkdown(text, words);
  kept.set(text, fragment);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value as string);
  return fragment;
}

/** Untrusted Markdown. */
export function Text({ text }: { text: string }) {
  const { rate } = useStrings();
  const frame = useRef<HTMLDivElement>(null);
  const [link, setLink] = useState<string>();
  const fragment = prepare(text, rate);
  useLayoutEffect(() => {
    if (fragment !== undefined) frame.current?.replaceChildren(fragment.cloneNode(true));
  }, [fragment]);
  useEffect(() => {
    const at = frame.current;
    if (at?.querySelector(".formula")) import("./formulas.js").then(({ drawFormulas }) => drawFormulas(at));
  }, [fragment]);
  if (fragment === undefined)
    return (
      <div class="md">
        <p class="quiet">{rate.long}</p>
        <div class="md-plain" dir="auto">
          {text}
        </div>
      </div>
    );
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: the buttons within are what is pressed */}
      <div
        class="md"
        ref={frame}
        onClick={(event) => {
          const button = (event.target as Element).closest<HTMLButtonElement>(".outer-link");
          if (button) setLink(button.value);
        }}
      />
      {link !== undefined && <LinkDialog url={link} close={() => setLink(undefined)} />}
    </>
  );
}

function LinkDialog({ url, close }: { url: string; close(): void }) {
  const { rate, cancel } = useStrings();
  const open = () => {
    window.open(url, "_blank", "noopener,noreferrer");
    close();
  };
  return (
    <Dialog title={rate.link} close={close}>
      <p>{rate.linkHint}</p>
      <p class="url">{url}</p>
      <div class="row">
        <Button onClick={open}>{rate.linkOpen}</Button>
        <Button look="primary" onClick={close}>
          {cancel}
        </Button>
      </div>
    </Dialog>
  );
}

import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { type DiffLine, lineDiff } from "./line-diff.js";

/** Unchanged lines that are shown around a change. */
const AROUND = 2;

/** The changed lines, marked for screen readers too; long unchanged parts are only counted. */
export function DiffView({ before, after }: { before: string; after: string }) {
  const { guidelines } = useDesk();
  const format = useFormat();
  const parts = partsOf(lineDiff(before, after));
  const signs = { same: " ", added: "+", removed: "−" };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="diff" tabIndex={0} aria-label={guidelines.difference}>
      {parts.map((part, i) =>
        typeof part === "number" ? (
          <p key={i} class="diff-gap">
            {guidelines.same(format.count(part))}
          </p>
        ) : (
          <p key={i} class={`diff-line diff-${part.kind}`} dir="auto">
            <span class="diff-sign" aria-hidden="true">
              {signs[part.kind]}
            </span>
            {part.kind !== "same" && <span class="visually-hidden">{guidelines[part.kind]}: </span>}
            {part.text}
          </p>
        ),
      )}
    </section>
  );
}

/** Lines near a change, and in place of the others their number. */
function partsOf(lines: readonly DiffLine[]): (DiffLine | number)[] {
  const near = lines.map((_, i) =>
    lines.slice(Math.max(0, i - AROUND), i + AROUND + 1).some(({ kind }) => kind !== "same"),
  );
  const parts: (DiffLine | number)[] = [];
  for (const [i, line] of lines.entries()) {
    const last = parts.at(-1);
    if (near[i]) parts.push(line);
    else if (typeof last === "number") parts[parts.length - 1] = last + 1;
    else parts.push(1);
  }
  return parts;
}

import { useStrings } from "../strings/index.js";
import { Text } from "./markdown/text.js";
import type { Lease } from "./work.js";

/** The prompt: a text, or the turns of a conversation. */
export function Prompt({ prompt }: { prompt: Lease["prompt"] }) {
  const { rate } = useStrings();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="prompt" aria-label={rate.prompt} tabIndex={0}>
      <h2 class="pane-title">{rate.prompt}</h2>
      {typeof prompt === "string" ? (
        <Text text={prompt} />
      ) : (
        prompt.map(({ role, content }, i) => (
          <div key={i} class={`turn turn-${role}`}>
            <span class="turn-role">{rate.turn[role as keyof typeof rate.turn] ?? role}</span>
            <Text text={content} />
          </div>
        ))
      )}
    </section>
  );
}

import type { ResultOf } from "../../api/client.js";
import { Text } from "../../rater/markdown/text.js";

/** A text as a person typed it, with its line breaks. */
export function Prose({ text }: { text: string }) {
  return (
    <div class="prose" dir="auto">
      {text}
    </div>
  );
}

type Prompt = ResultOf<"getItem">["content"]["prompt"];

/** The text of a prompt; for a conversation, its last turn. */
export const promptText = (prompt: Prompt): string =>
  typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");

/** A prompt: text, or the turns of a conversation. */
export function PromptView({ prompt }: { prompt: Prompt }) {
  if (typeof prompt === "string") return <Text text={prompt} />;
  return (
    <ol class="turns">
      {prompt.map(({ role, content }, i) => (
        <li key={i}>
          <span class="quiet">{role}</span>
          <Text text={content} />
        </li>
      ))}
    </ol>
  );
}

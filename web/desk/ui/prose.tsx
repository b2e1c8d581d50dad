import type { ResultOf } from "../../api/client.js";

/** A model's or a person's text as it stands: line breaks kept, nothing in it run or loaded. */
export function Prose({ text }: { text: string }) {
  return (
    <div class="prose" dir="auto">
      {text}
    </div>
  );
}

type Prompt = ResultOf<"getItem">["content"]["prompt"];

/** The words of a prompt, its last turn for a conversation. */
export const promptText = (prompt: Prompt): string =>
  typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");

/** A prompt: text, or the turns of a conversation. */
export function PromptView({ prompt }: { prompt: Prompt }) {
  if (typeof prompt === "string") return <Prose text={prompt} />;
  return (
    <ol class="turns">
      {prompt.map(({ role, content }, i) => (
        <li key={i}>
          <span class="quiet">{role}</span>
          <Prose text={content} />
        </li>
      ))}
    </ol>
  );
}

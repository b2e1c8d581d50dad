import { useEffect, useRef } from "preact/hooks";
import type { Answer } from "../../src/votes/tasks/index.js";
import type { ResultOf } from "../api/client.js";
import { useStrings } from "../strings/index.js";
import { Button } from "../ui/button.js";
import { Text } from "./markdown/text.js";
import { answerWords } from "./words.js";

/** Feedback on an answer to a training item: what was expected, and why. */
export function Feedback(props: {
  feedback: { given: Answer } & ResultOf<"answerTraining">;
  strengths: number;
  next(): void;
}) {
  const { feedback, strengths, next } = props;
  const { agrees, expected, given, explanation } = feedback;
  const strings = useStrings();
  const { rate } = strings;
  const frame = useRef<HTMLElement>(null);
  useEffect(() => frame.current?.focus(), []);
  const look = agrees === undefined ? "notice" : agrees ? "notice notice-good" : "notice notice-bad";
  return (
    <section class="feedback actions stack" ref={frame} tabIndex={-1} aria-label={rate.expected}>
      <div class={look} role="status">
        {agrees !== undefined && <strong>{agrees ? rate.agrees : rate.differs}</strong>}
        <p>
          {rate.yours}: {answerWords(strings, given, strengths)}
        </p>
        <p>
          {rate.expected}: {answerWords(strings, expected, strengths)}
        </p>
      </div>
      <Text text={explanation} />
      <Button look="primary" hint="↵" onClick={next}>
        {rate.next}
      </Button>
    </section>
  );
}

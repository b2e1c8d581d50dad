import type { ResponseFlag, TaskDefinition } from "../../src/votes/tasks/index.js";
import { useStrings } from "../strings/index.js";
import type { AnswerDraft } from "./answer-draft.js";
import type { ItemProps } from "./item-page.js";
import { Text } from "./markdown/text.js";
import { Points } from "./points.js";
import { wordDiff } from "./word-diff.js";
import { letter } from "./words.js";

const FLAGS = ["hallucination", "unsafe", "refusal", "off-topic", "personal-data", "broken"] as const;

/** The responses in their places on the screen, each with the answers that concern it alone. */
export function Responses({ difference, ...item }: ItemProps & { difference: boolean }) {
  const { shown, project, draft, change } = item;
  const { responses } = shown;
  const { rate } = useStrings();
  const compared = difference && responses.length === 2;
  return (
    <div class={`responses responses-${Math.min(responses.length, 3)}`}>
      {responses.map((text, place) => {
        const name = responses.length === 1 ? rate.response : rate.responseNamed(letter(place));
        return (
          <section key={place} class="response" aria-label={name}>
            <h2 class="pane-title">{name}</h2>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
            <section class="response-text" tabIndex={0} aria-label={name}>
              {compared ? <Compared text={text} other={responses[1 - place]} /> : <Text text={text} />}
            </section>
            {project.task.kind === "likert" && <Points {...item} place={place} />}
            {project.task.flags && <Flags {...{ place, name, draft, change }} />}
          </section>
        );
      })}
    </div>
  );
}

/** A response in which the words that the other lacks are marked. */
function Compared({ text, other }: { text: string; other: string }) {
  return (
    <div class="md-plain" dir="auto">
      {wordDiff(other, text)
        .filter(({ what }) => what !== "gone")
        .map(({ text: piece, what }, i) => (what === "new" ? <mark key={i}>{piece}</mark> : piece))}
    </div>
  );
}

export function Flags(props: {
  place: number;
  name: string;
  draft: AnswerDraft;
  change(draft: AnswerDraft): void;
}) {
  const { place, name, draft, change } = props;
  const { rate } = useStrings();
  const has = (flag: ResponseFlag) => draft.flags.some((own) => own.place === place && own.flag === flag);
  const toggle = (flag: ResponseFlag) =>
    change({
      ...draft,
      flags: has(flag)
        ? draft.flags.filter((own) => own.place !== place || own.flag !== flag)
        : [...draft.flags, { place, flag }],
    });
  return (
    <fieldset class="flags">
      <legend class="visually-hidden">{rate.flagsOf(name)}</legend>
      {FLAGS.map((flag, i) => (
        <button
          key={flag}
          type="button"
          class="flag"
          aria-pressed={has(flag)}
          {...(place === 0 && i === 0 && { "data-focus": "flags" })}
          onClick={() => toggle(flag)}
        >
          {rate.flags[flag]}
        </button>
      ))}
    </fieldset>
  );
}

/** The rationale, if the project asks for one. */
export function Rationale(props: {
  task: TaskDefinition;
  draft: AnswerDraft;
  change(draft: AnswerDraft): void;
}) {
  const { task, draft, change } = props;
  const { rate } = useStrings();
  if (task.rationale === "off") return null;
  const label = task.rationale === "required" ? rate.rationaleRequired : rate.rationale;
  return (
    <textarea
      class="text-area rationale"
      rows={1}
      maxLength={10_000}
      dir="auto"
      aria-label={label}
      placeholder={label}
      data-focus="rationale"
      value={draft.rationale}
      onInput={(event) => change({ ...draft, rationale: event.currentTarget.value })}
    />
  );
}

/** A lead's answer to an item, in the stored order of its responses. */
import { Choice } from "../../../ui/field.js";
import { useDesk } from "../../strings/index.js";
import type { Project } from "../context.js";
import type { Item } from "../item-view.js";

export type Answer = NonNullable<Item["gold"]>;
type Task = Project["task"];
type Verdict = "left" | "right" | "tie" | "both-bad";
const VERDICTS: readonly Verdict[] = ["left", "tie", "both-bad", "right"];
const CATEGORIES = Array.from({ length: 14 }, (_, i) => `S${i + 1}`);

/** An answer that says nothing yet, to begin the form with. */
export function emptyAnswer(task: Task, responses: number): Answer | undefined {
  if (task.kind === "ranking")
    return { kind: "ranking", ranks: Array.from({ length: responses }, (_, i) => i + 1), flags: [] };
  return undefined;
}

/** Whether an answer says all that the task asks for. */
export function isWhole(task: Task, answer: Answer | undefined, responses: number): boolean {
  switch (answer?.kind) {
    case "pairwise":
      return task.aspects.every((aspect) => answer.aspects[aspect] !== undefined);
    case "ranking":
      return true;
    case "likert":
      return (
        answer.ratings.length === responses &&
        answer.ratings.every((points) => task.aspects.every((aspect) => points[aspect] !== undefined))
      );
    case "safety":
      return answer.safe || answer.categories.length > 0;
    case "demonstration":
    case "rewrite":
    case undefined:
      return false;
  }
}

export function VerdictForm(props: {
  task: Task;
  /** Names of the responses, as the page calls them. */
  names: readonly string[];
  answer: Answer | undefined;
  change(answer: Answer): void;
}) {
  const { kind } = props.task;
  switch (kind) {
    case "pairwise":
      return <Pairwise {...props} />;
    case "ranking":
      return <Ranking {...props} />;
    case "likert":
      return <Likert {...props} />;
    case "safety":
      return <Safety {...props} />;
    case "demonstration":
    case "rewrite":
      return null;
    default:
      return kind satisfies never;
  }
}

type FormProps = Parameters<typeof VerdictForm>[0];

function Pairwise({ task, names, answer, change }: FormProps) {
  const { answers, verbs } = useDesk();
  const aspects = answer?.kind === "pairwise" ? answer.aspects : {};
  const words = {
    left: answers.left(names[0]),
    right: answers.left(names[1]),
    tie: answers.tie,
    "both-bad": answers.bothBad,
  };
  return (
    <>
      {task.aspects.map((aspect) => (
        <Choice<Verdict | "">
          key={aspect}
          label={task.aspects.length > 1 ? `${verbs.verdict}: ${aspect}` : verbs.verdict}
          options={VERDICTS}
          names={{ ...words, "": "" }}
          value={aspects[aspect]?.verdict ?? ""}
          change={(verdict) =>
            change({
              kind: "pairwise",
              flags: [],
              aspects: { ...aspects, [aspect]: { verdict: verdict as Verdict } },
            })
          }
        />
      ))}
    </>
  );
}

function Ranking({ names, answer, change }: FormProps) {
  const { verbs } = useDesk();
  const ranks = answer?.kind === "ranking" ? answer.ranks : names.map((_, i) => i + 1);
  return (
    <fieldset class="choice">
      <legend>{verbs.ranks}</legend>
      <div class="fields">
        {names.map((name, i) => (
          <NumberField
            key={name}
            label={name}
            most={names.length}
            value={ranks[i]}
            change={(rank) =>
              change({ kind: "ranking", ranks: ranks.map((one, k) => (k === i ? rank : one)), flags: [] })
            }
          />
        ))}
      </div>
    </fieldset>
  );
}

function Likert({ task, names, answer, change }: FormProps) {
  const { answers } = useDesk();
  const ratings = answer?.kind === "likert" ? answer.ratings : names.map(() => ({}));
  return (
    <>
      {names.map((name, i) => (
        <fieldset key={name} class="choice">
          <legend>{answers.points(name)}</legend>
          <div class="fields">
            {task.aspects.map((aspect) => (
              <NumberField
                key={aspect}
                label={aspect}
                most={task.scale}
                value={(ratings[i] as Record<string, number>)[aspect]}
                change={(points) =>
                  change({
                    kind: "likert",
                    flags: [],
                    ratings: ratings.map((one, k) => (k === i ? { ...one, [aspect]: points } : one)),
                  })
                }
              />
            ))}
          </div>
        </fieldset>
      ))}
    </>
  );
}

function Safety({ answer, change }: FormProps) {
  const { answers, verbs } = useDesk();
  const given = answer?.kind === "safety" ? answer : undefined;
  const put = (safe: boolean, categories: string[]) =>
    change({ kind: "safety", safe, categories, flags: [] } as Answer);
  return (
    <>
      <Choice<"safe" | "unsafe" | "">
        label={verbs.verdict}
        options={["safe", "unsafe"]}
        names={{ safe: answers.safe, unsafe: answers.unsafe("").replace(/[:\s]+$/, ""), "": "" }}
        value={given === undefined ? "" : given.safe ? "safe" : "unsafe"}
        change={(word) => put(word === "safe", [])}
      />
      {given?.safe === false && (
        <fieldset class="choice">
          <legend>{verbs.categories}</legend>
          <div class="row">
            {CATEGORIES.map((category) => (
              <label key={category} class="check">
                <input
                  type="checkbox"
                  checked={(given.categories as string[]).includes(category)}
                  onChange={({ currentTarget: { checked } }) =>
                    put(
                      false,
                      CATEGORIES.filter((one) =>
                        one === category ? checked : (given.categories as string[]).includes(one),
                      ),
                    )
                  }
                />
                <span>{category}</span>
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </>
  );
}

function NumberField(props: {
  label: string;
  most: number;
  value: number | undefined;
  change(value: number): void;
}) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        type="number"
        min={1}
        max={props.most}
        value={props.value ?? ""}
        onInput={({ currentTarget: { valueAsNumber: value } }) => {
          if (Number.isInteger(value) && value >= 1 && value <= props.most) props.change(value);
        }}
      />
    </label>
  );
}

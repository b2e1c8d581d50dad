/** What a new project needs, in order, with what is done of it. */
import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { store, stored } from "../../storage.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { useDesk } from "../strings/index.js";
import { hasBlanks } from "../templates/index.js";
import { useFormat } from "../ui/format.js";
import { useProject } from "./context.js";

type Step = keyof ReturnType<typeof useDesk>["begin"]["steps"];
/** Votes from which on a project has begun. */
const BEGUN = 200;
/** What a project can begin without. */
const OPTIONAL: readonly Step[] = ["gold", "rate"];

interface Line {
  step: Step;
  done: boolean;
  /** Page of the project, or what pressing does. */
  to: string | (() => void);
  hint: string;
  count?: string;
}

const hiddenKey = (project: string) => `checklist-hidden.${project}`;
const savedKey = (project: string) => `saved.${project}`;
/** Notes that somebody saved a project's results here: the last step of the list. */
export const noteSaved = (project: string): unknown => store(savedKey(project), true);

interface ChecklistProps {
  progress: ResultOf<"getProgress">;
  rate(): void;
}

export function Checklist(props: ChecklistProps) {
  return (props.progress.votes ?? 0) < BEGUN ? <List {...props} /> : null;
}

function List(props: ChecklistProps) {
  const { begin: words, guidelines: guidelineWords } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const params = { project: project.id };
  const { data } = useLoaded(
    () =>
      Promise.all([
        call("listGuidelines", { params }),
        call("listItems", { params, query: { gold: "true", limit: 100 } }),
        call("listMembers", { params }),
        call("listInvitations", { params }),
      ]),
    [project.id],
  );
  const [hidden, setHidden] = useState(() => stored<boolean>(hiddenKey(project.id)) ?? false);
  if (hidden || data === undefined) return null;
  const [{ guidelines }, { items: gold }, { members }, { invitations }] = data;
  const { items = 0, votes = 0, own } = props.progress;
  const text = guidelines[0].text;
  const blanks = hasBlanks(text);
  const open = invitations.filter(({ usedAt }) => usedAt === undefined).length;
  const others = members.length - (own === undefined ? 0 : 1);
  const lines: Line[] = [
    {
      step: "guidelines",
      to: "guidelines",
      done: text.trim() !== "" && !blanks,
      hint: blanks ? words.hints.blanks : words.hints.guidelines,
      count: guidelineWords.version(guidelines[0].version),
    },
    {
      step: "items",
      to: "items",
      done: items > 0,
      hint: words.hints.items,
      count: words.counts.items(format.count(items)),
    },
    {
      step: "gold",
      to: "items",
      done: gold.length > 0,
      hint: words.hints.gold,
      count: words.counts.gold(gold.length === 100 ? "100+" : format.count(gold.length)),
    },
    {
      step: "rate",
      to: props.rate,
      done: (own?.votes ?? 0) > 0,
      hint: words.hints.rate,
      count: words.counts.rate(format.count(own?.votes ?? 0)),
    },
    {
      step: "people",
      to: "people",
      done: others > 0 || open > 0,
      hint: words.hints.people,
      count: words.counts.people(format.count(Math.max(0, others)), format.count(open)),
    },
    {
      step: "votes",
      to: "disagreements",
      done: votes > 0,
      hint: words.hints.votes,
      count: words.counts.votes(format.count(votes)),
    },
    {
      step: "export",
      to: "results",
      done: stored(savedKey(project.id)) === true,
      hint: words.hints.export,
    },
  ];
  const done = lines.filter((line) => line.done).length;
  if (done === lines.length) return null;
  return (
    <section class="card stack-small checklist">
      <div class="row">
        <h2>{words.checklist}</h2>
        <span class="quiet">{words.progress(format.count(done), format.count(lines.length))}</span>
        <span class="row-gap" />
        <Button
          look="quiet"
          onClick={() => {
            store(hiddenKey(project.id), true);
            setHidden(true);
          }}
        >
          {words.hide}
        </Button>
      </div>
      <ol>
        {lines.map((line) => (
          <Entry key={line.step} line={line} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ line: { step, done, to, hint, count } }: { line: Line }) {
  const { begin: words } = useDesk();
  const { project } = useProject();
  return (
    <li class={done ? "check-line check-done" : "check-line"}>
      <span class="tick" aria-hidden="true">
        {done ? "✓" : ""}
      </span>
      <span class="check-text">
        <span class="row">
          {typeof to === "string" ? (
            <Link href={`/desk/${project.id}/${to}`}>{words.steps[step]}</Link>
          ) : (
            <button type="button" class="as-link" onClick={to}>
              {words.steps[step]}
            </button>
          )}
          {done && <span class="visually-hidden">{words.done}</span>}
          {!done && OPTIONAL.includes(step) && <span class="tag">{words.optional}</span>}
        </span>
        <span class="quiet">{done && count !== undefined ? count : hint}</span>
      </span>
    </li>
  );
}

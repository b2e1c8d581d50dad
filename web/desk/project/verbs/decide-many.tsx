/** Releases or rejects many held votes alike, by filter, by rater, or all. */
import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../../api/client.js";
import { useStrings } from "../../../strings/index.js";
import { Button } from "../../../ui/button.js";
import { Dialog } from "../../../ui/dialog.js";
import { FormProblem } from "../../../ui/form-problem.js";
import { useDesk } from "../../strings/index.js";
import { useAction } from "../../ui/action.js";
import { useFormat } from "../../ui/format.js";
import { Select } from "../../ui/select.js";
import { TextArea } from "../../ui/text-area.js";
import { useDone } from "../../ui/undo.js";
import { useProject } from "../context.js";
import { Effect } from "../effect.js";
import { raterName } from "../rater-name.js";

type Counts = ResultOf<"countReviews">["counts"];
const ALL = "";

export function DecideManyDialog(props: {
  counts: Counts;
  /** A rater whose votes are meant to begin with. */
  rater?: string;
  close(): void;
  reload(): void;
}) {
  const { close, reload } = props;
  const { review: words, raters, verbs, common } = useDesk();
  const { cancel } = useStrings();
  const { project } = useProject();
  const format = useFormat();
  const done = useDone();
  const held = props.counts.filter(({ state }) => state === "held");
  const [filter, setFilter] = useState(ALL);
  const [rater, setRater] = useState(props.rater ?? ALL);
  const [note, setNote] = useState("");
  const meant = held.filter(
    (one) => (filter === ALL || one.filter === filter) && (rater === ALL || one.rater === rater),
  );
  const count = sum(meant);
  const which = { state: "held" as const, ...(filter && { filter }), ...(rater && { rater }) };
  const params = { project: project.id };
  const { busy, problem, run } = useAction(async (to: "released" | "rejected") => {
    const words = note.trim();
    const { reviews } = await call("decideReviews", {
      params,
      body: { to, which, ...(words !== "" && { note: words }) },
    });
    const undo = () => call("decideReviews", { params, body: { to: "held", which: { reviews } } });
    done(verbs.decidedMany[to](format.count(reviews.length)), undo, reload);
    reload();
    close();
  });
  const choices = (key: "filter" | "rater", name: (value: string) => string) => {
    const values = [...new Set(held.map((one) => one[key]))];
    const of = (value: string) => sum(held.filter((one) => one[key] === value));
    return {
      options: [ALL, ...values],
      names: {
        [ALL]: verbs.all(format.count(sum(held))),
        ...Object.fromEntries(values.map((one) => [one, `${name(one)} (${format.count(of(one))})`])),
      },
    };
  };
  return (
    <Dialog title={verbs.manyTitle} wide close={close}>
      <div class="stack">
        <div class="fields">
          <Select
            label={words.filter}
            {...choices("filter", (name) => raters.flagNames[name] ?? name)}
            value={filter}
            change={setFilter}
          />
          <Select
            label={common.rater}
            {...choices("rater", (id) => raterName(id, common))}
            value={rater}
            change={setRater}
          />
        </div>
        <p>{verbs.meant(format.count(count))}</p>
        {count > 0 && (
          <>
            <p class="quiet">{verbs.ifRejected}</p>
            <Effect load={() => call("previewReviews", { params, query: which })} inputs={[filter, rater]} />
          </>
        )}
        <TextArea
          label={words.note}
          hint={words.noteHint}
          value={note}
          change={setNote}
          rows={2}
          maxLength={2000}
        />
        <FormProblem problem={problem} />
        <div class="row row-end">
          <Button onClick={close}>{cancel}</Button>
          <Button disabled={busy || count === 0} onClick={() => run("released")}>
            {verbs.releaseMany(format.count(count))}
          </Button>
          <Button look="danger" disabled={busy || count === 0} onClick={() => run("rejected")}>
            {verbs.rejectMany(format.count(count))}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

const sum = (counts: Counts): number => counts.reduce((total, { reviews }) => total + reviews, 0);

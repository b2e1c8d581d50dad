import { useEffect, useRef, useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useKeyName } from "../../ui/key-names.js";
import { shortcutOf, takesText } from "../../ui/keys.js";
import { Empty } from "../../ui/states.js";
import { Table } from "../../ui/table.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { Select } from "../ui/select.js";
import { TextArea } from "../ui/text-area.js";
import { useDone } from "../ui/undo.js";
import { useProject } from "./context.js";
import { ContentView, DecisionView, type Item, VoteList, VoteView } from "./item-view.js";
import { DecideManyDialog } from "./verbs/decide-many.js";
import { ItemVerbs } from "./verbs/item-verbs.js";

type Review = ResultOf<"listReviews">["reviews"][number];
const STATES = ["held", "released", "rejected"] as const;
type State = (typeof STATES)[number];
const MOST = 500;

export function ReviewPage() {
  const { review: words, verbs, tabs } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const say = useToast();
  const [state, setState] = useState<State>("held");
  const params = { project: project.id };
  const loaded = useLoaded(
    () => call("listReviews", { params, query: { state, limit: MOST } }),
    [project.id, state],
  );
  const counts = useLoaded(() => call("countReviews", { params }), [project.id]);
  const [many, setMany] = useState(false);
  const reload = () => {
    loaded.reload();
    counts.reload();
  };
  const [run, setRun] = useState<ResultOf<"runProjectFilters">>();
  const filter = useAction(async () => {
    const done = await call("runProjectFilters", { params });
    setRun(done);
    say(words.ran(format.count(done.votes), format.count(done.held)));
    reload();
  });
  return (
    <>
      <Heading title={tabs.review} lead={words.lead}>
        <Select label={words.show} options={STATES} names={words.states} value={state} change={setState} />
        <Button disabled={filter.busy} onClick={() => filter.run()}>
          {words.run}
        </Button>
        {state === "held" && (
          <Button
            disabled={!counts.data?.counts.some((one) => one.state === "held")}
            onClick={() => setMany(true)}
          >
            {verbs.many}
          </Button>
        )}
      </Heading>
      <FormProblem problem={filter.problem} />
      {many && counts.data && (
        <DecideManyDialog counts={counts.data.counts} close={() => setMany(false)} reload={reload} />
      )}
      {run && run.warnings.length > 0 && <Warnings run={run} />}
      <Await loaded={loaded}>
        {({ reviews }) =>
          reviews.length === 0 ? (
            <Empty title={words.none}>{state === "held" && <p>{words.noneHint}</p>}</Empty>
          ) : (
            <Queue key={state} reviews={reviews} reload={reload} />
          )
        }
      </Await>
    </>
  );
}

function Warnings({ run }: { run: ResultOf<"runProjectFilters"> }) {
  const { review: words, raters } = useDesk();
  return (
    <details>
      <summary>{words.warnings}</summary>
      <Table
        caption={words.warnings}
        rows={run.warnings.map((warning, i) => ({ ...warning, i }))}
        rowKey={({ i }) => String(i)}
        columns={[
          { title: words.filter, cell: ({ filter }) => raters.flagNames[filter] ?? filter },
          { title: words.evidence, cell: ({ evidence }) => evidence },
        ]}
      />
    </details>
  );
}

/** Decides one held vote after another, by keys. */
function Queue({ reviews, reload }: { reviews: readonly Review[]; reload(): void }) {
  const { review: words } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const done = useDone();
  const keyName = useKeyName();
  const [at, setAt] = useState(0);
  const [note, setNote] = useState("");
  const noteBox = useRef<HTMLDivElement>(null);
  const place = Math.min(at, reviews.length - 1);
  const review = reviews[place];
  const go = (to: number) => {
    setAt(Math.max(0, Math.min(reviews.length - 1, to)));
    setNote("");
  };
  const { busy, problem, run } = useAction(async (state: "released" | "rejected") => {
    const body = { state, ...(note.trim() !== "" && { note: note.trim() }) };
    await call("decideReview", { params: { project: project.id, review: review.id }, body });
    const which = { reviews: [review.id] };
    const undo = () =>
      call("decideReviews", { params: { project: project.id }, body: { to: review.state, which } });
    done(words.decided[state], undo, reload);
    setNote("");
    // A decided vote leaves the list, and the next one takes its place.
    reload();
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]") || takesText(event.target)) return;
      const acts: Readonly<Record<string, () => void>> = {
        r: () => run("released"),
        x: () => run("rejected"),
        j: () => go(place + 1),
        k: () => go(place - 1),
        n: () => noteBox.current?.querySelector("textarea")?.focus(),
      };
      const key = shortcutOf(event, (key) => Object.hasOwn(acts, key));
      if (key === undefined || !Object.hasOwn(acts, key)) return;
      event.preventDefault();
      acts[key]();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  return (
    <>
      <div class="review-bar">
        <span class="quiet">{words.place(format.count(place + 1), format.count(reviews.length))}</span>
        <span class="row-gap" />
        <Button hint={keyName("k")} disabled={place === 0} onClick={() => go(place - 1)}>
          {words.before}
        </Button>
        <Button hint={keyName("j")} disabled={place === reviews.length - 1} onClick={() => go(place + 1)}>
          {words.next}
        </Button>
        <Button hint={keyName("r")} disabled={busy} onClick={() => run("released")}>
          {words.release}
        </Button>
        <Button hint={keyName("x")} look="danger" disabled={busy} onClick={() => run("rejected")}>
          {words.reject}
        </Button>
      </div>
      <FormProblem problem={problem} />
      <ReviewView key={review.id} review={review} />
      <div ref={noteBox}>
        <TextArea
          label={`${words.note} (${keyName("n")})`}
          hint={words.noteHint}
          value={note}
          change={setNote}
          rows={2}
          maxLength={2000}
        />
      </div>
      <p class="quiet">{words.keys}</p>
    </>
  );
}

function ReviewView({ review }: { review: Review }) {
  const { review: words, raters } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const params = { project: project.id, item: review.item };
  const loaded = useLoaded(
    () => Promise.all([call("getItem", { params }), call("listItemVotes", { params })]),
    [review.id],
  );
  return (
    <article class="stack">
      <section class="notice stack-small">
        <h2>
          {words.evidence}: {raters.flagNames[review.filter] ?? review.filter}
        </h2>
        <p dir="auto">{evidenceText(review.evidence)}</p>
        {review.decidedAt !== undefined && (
          <p class="quiet">
            {words.by(review.decidedBy ?? "", format.moment(review.decidedAt))}
            {review.note && `: ${review.note}`}
          </p>
        )}
      </section>
      <Await loaded={loaded}>
        {([item, { votes }]) => <Judged {...{ review, item, votes, reload: loaded.reload }} />}
      </Await>
    </article>
  );
}

function Judged(props: {
  review: Review;
  item: Item;
  votes: ResultOf<"listItemVotes">["votes"];
  reload(): void;
}) {
  const { review: words } = useDesk();
  const { review, item, votes } = props;
  // The held vote may have been corrected since: then show its rater's current vote.
  const own =
    votes.find(({ id }) => id === review.vote) ?? votes.find(({ corrects }) => corrects === review.vote);
  const others = votes.filter((vote) => vote !== own);
  return (
    <>
      {own && (
        <section class="card stack-small">
          <h2 class="label">{words.vote}</h2>
          <VoteView item={item} vote={own} />
        </section>
      )}
      <ItemVerbs item={item} reload={props.reload} />
      <DecisionView item={item} />
      <ContentView content={item.content} />
      <section class="stack">
        <h2>{words.others}</h2>
        {others.length === 0 ? (
          <p class="quiet">{words.noOthers}</p>
        ) : (
          <VoteList item={item} votes={others} />
        )}
      </section>
    </>
  );
}

/** The evidence as text: a sentence, an object with a reason, or whatever a project's own program stored. */
function evidenceText(evidence: unknown): string {
  if (typeof evidence === "string") return evidence;
  if (typeof evidence === "object" && evidence !== null && "reason" in evidence)
    return String(evidence.reason);
  return JSON.stringify(evidence);
}

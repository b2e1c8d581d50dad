import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { aspectsOrKind } from "../../task-kinds.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { ShareMark } from "../ui/interval.js";
import { Await, Heading } from "../ui/page.js";
import { answerText } from "./answer-text.js";
import { AspectChoice } from "./aspect-choice.js";
import { useProject } from "./context.js";
import { useResponseNames } from "./item-view.js";
import { raterName } from "./rater-name.js";
import { type RaterRow, Reliability } from "./raters.js";
import { StopButtons } from "./stop-rater.js";
import { DecideManyDialog } from "./verbs/decide-many.js";
import { WriteButton } from "./verbs/write.js";

/** Most votes of a rater that are listed. */
const SHOWN = 50;

/** What is known about one rater, and the latest votes. */
export function RaterPage({ rater }: { rater: string }) {
  const { raters: words, verbs, common } = useDesk();
  const { project, leads } = useProject();
  const params = { project: project.id, rater };
  const [aspect, setAspect] = useState(aspectsOrKind(project.task)[0]);
  const table = useLoaded(
    () => call("getRaterTable", { params: { project: project.id }, query: { aspect } }),
    [rater, aspect],
  );
  const votes = useLoaded(() => call("listRaterVotes", { params, query: { limit: SHOWN } }), [rater]);
  const counts = useLoaded(() => call("countReviews", { params: { project: project.id } }), [project.id]);
  const [many, setMany] = useState(false);
  const row = table.data?.raters.find((one) => one.rater === rater);
  return (
    <>
      <Link href={`/desk/${project.id}/raters`}>← {words.back}</Link>
      <Heading title={raterName(rater, common)} {...(row?.group && { lead: row.group })}>
        <AspectChoice value={aspect} change={setAspect} />
        <WriteButton rater={rater} />
        {row !== undefined && row.held > 0 && <Button onClick={() => setMany(true)}>{verbs.many}</Button>}
        {leads && row && (
          <StopButtons
            rater={rater}
            state={row.state}
            name={raterName(rater, common)}
            done={() => table.reload()}
          />
        )}
      </Heading>
      {many && counts.data && (
        <DecideManyDialog
          counts={counts.data.counts}
          rater={rater}
          close={() => setMany(false)}
          reload={() => {
            table.reload();
            votes.reload();
            counts.reload();
          }}
        />
      )}
      {row?.reason && (
        <p class="notice" dir="auto">
          {words.stateReason(row.reason)}
        </p>
      )}
      <Await loaded={table}>
        {({ leastVotes }) =>
          row === undefined ? (
            <p class="quiet">{words.unknown}</p>
          ) : (
            <Known row={row} leastVotes={leastVotes} />
          )
        }
      </Await>
      <section class="stack">
        <h2>{words.recent}</h2>
        <Await loaded={votes}>{(loaded) => <RecentVotes votes={loaded.votes} />}</Await>
      </section>
    </>
  );
}

function Known({ row, leastVotes }: { row: RaterRow; leastVotes: number }) {
  const { raters: words } = useDesk();
  const format = useFormat();
  const { flags, firstPlace, longer } = row;
  return (
    <>
      {flags.length > 0 && (
        <section class="card stack-small">
          <h2>{words.reasons}</h2>
          <ul class="lines">
            {flags.map(({ kind, reason }) => (
              <li key={kind + reason}>
                <strong>{words.flagNames[kind] ?? kind}</strong>: {reason}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="card stack-small">
        <h2>{words.figures}</h2>
        <dl class="pairs">
          <dt>{words.votes}</dt>
          <dd>
            {format.count(row.votes)}
            {row.held > 0 && `, ${words.held(format.count(row.held))}`}
            {row.rejected > 0 && `, ${words.rejected(format.count(row.rejected))}`}
          </dd>
          <dt>{words.reliability}</dt>
          <dd>
            <Reliability value={row.reliability} leastVotes={leastVotes} />
          </dd>
          <dt>{words.gold}</dt>
          <dd>
            <ShareMark value={row.gold} />
          </dd>
          <dt>{words.consistency}</dt>
          <dd>
            <ShareMark value={row.consistency} />
          </dd>
          <dt>{words.seconds}</dt>
          <dd>{row.medianSeconds === null ? "–" : format.one(row.medianSeconds)}</dd>
          {(
            [
              [words.first, firstPlace],
              [words.longer, longer],
            ] as const
          ).map(([name, habit]) => (
            <div key={name} class="pair">
              <dt>{name}</dt>
              <dd>
                <ShareMark value={habit} {...(habit && { reference: habit.expected })} />
                {habit && <span class="quiet">{words.expected(format.percent(habit.expected))}</span>}
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
}

function RecentVotes({ votes }: { votes: ResultOf<"listRaterVotes">["votes"] }) {
  const desk = useDesk();
  const { raters: words, common, items } = desk;
  const { project } = useProject();
  const format = useFormat();
  const names = useResponseNames(16);
  if (votes.length === 0) return <p class="quiet">{words.none}</p>;
  return (
    <Table
      caption={words.recent}
      rows={votes}
      rowKey={({ id }) => id}
      columns={[
        {
          title: words.when,
          cell: ({ item, castAt }) => (
            <Link href={`/desk/${project.id}/items/${item}`}>{format.moment(castAt)}</Link>
          ),
        },
        {
          title: words.answer,
          cell: ({ answer }) => (
            <span dir="auto">{answerText(answer, names, project.task, desk).slice(0, 300)}</span>
          ),
        },
        {
          title: words.seconds,
          numeric: true,
          cell: ({ milliseconds }) => (milliseconds === undefined ? "–" : format.one(milliseconds / 1000)),
        },
        {
          title: common.state,
          cell: ({ review, gold, repeat }) => (
            <span class="row">
              {gold && <span class="tag tag-gold">{items.gold}</span>}
              {repeat && <span class="tag">{items.repeat}</span>}
              {review && <span class={`tag tag-${review}`}>{items[review]}</span>}
            </span>
          ),
        },
      ]}
    />
  );
}

import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { aspectsOrKind } from "../../task-kinds.js";
import { useLoaded } from "../../ui/async.js";
import { Empty } from "../../ui/states.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { ShareMark } from "../ui/interval.js";
import { Await, Heading } from "../ui/page.js";
import { SortableTable } from "../ui/sortable.js";
import { AspectChoice } from "./aspect-choice.js";
import { useProject } from "./context.js";
import { raterName } from "./rater-name.js";
import { WeighRaters } from "./weigh-raters.js";

export type RaterRow = ResultOf<"getRaterTable">["raters"][number];

export function RatersPage() {
  const { raters: words, tabs, common } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const [aspect, setAspect] = useState(aspectsOrKind(project.task)[0]);
  const loaded = useLoaded(
    () => call("getRaterTable", { params: { project: project.id }, query: { aspect } }),
    [project.id, aspect],
  );
  return (
    <>
      <Heading title={tabs.raters} lead={words.lead}>
        <AspectChoice value={aspect} change={setAspect} />
      </Heading>
      <Await loaded={loaded}>
        {({ raters, leastVotes }) =>
          raters.length === 0 ? (
            <Empty title={words.none}>
              <p>{words.noneHint}</p>
            </Empty>
          ) : (
            <>
              <SortableTable<RaterRow>
                caption={tabs.raters}
                rows={raters}
                rowKey={({ rater }) => rater}
                first={words.flags}
                columns={[
                  {
                    title: common.rater,
                    by: ({ rater }) => rater.slice(-5),
                    cell: ({ rater, group, state }) => (
                      <>
                        <Link href={`/desk/${project.id}/raters/${rater}`}>{raterName(rater, common)}</Link>
                        <br />
                        <span class="quiet">
                          {[group, state === "active" ? "" : state].filter(Boolean).join(", ")}
                        </span>
                      </>
                    ),
                  },
                  {
                    title: words.flags,
                    by: ({ flags }) => flags.length,
                    down: true,
                    cell: ({ flags }) => <Flags flags={flags} />,
                  },
                  {
                    title: words.votes,
                    numeric: true,
                    by: ({ votes }) => votes,
                    down: true,
                    cell: ({ votes, held, rejected }) => (
                      <>
                        {format.count(votes)}
                        {held > 0 && <span class="quiet below">{words.held(format.count(held))}</span>}
                        {rejected > 0 && (
                          <span class="quiet below">{words.rejected(format.count(rejected))}</span>
                        )}
                      </>
                    ),
                  },
                  {
                    title: words.reliability,
                    by: ({ reliability }) =>
                      (reliability?.n ?? 0) < leastVotes ? undefined : reliability?.estimate,
                    cell: ({ reliability }) => <Reliability value={reliability} leastVotes={leastVotes} />,
                  },
                  {
                    title: words.gold,
                    by: ({ gold }) => gold?.estimate,
                    cell: ({ gold }) => <ShareMark value={gold} />,
                  },
                  {
                    title: words.consistency,
                    by: ({ consistency }) => consistency?.estimate,
                    cell: ({ consistency }) => <ShareMark value={consistency} />,
                  },
                  {
                    title: words.seconds,
                    numeric: true,
                    by: ({ medianSeconds }) => medianSeconds,
                    cell: ({ medianSeconds }) => (medianSeconds === null ? "–" : format.one(medianSeconds)),
                  },
                  {
                    title: words.first,
                    by: ({ firstPlace }) => firstPlace?.estimate,
                    down: true,
                    cell: ({ firstPlace }) => (
                      <ShareMark value={firstPlace} {...(firstPlace && { reference: firstPlace.expected })} />
                    ),
                  },
                  {
                    title: words.longer,
                    by: ({ longer }) => longer?.estimate,
                    down: true,
                    cell: ({ longer }) => (
                      <ShareMark value={longer} {...(longer && { reference: longer.expected })} />
                    ),
                  },
                ]}
              />
              <p class="quiet">{words.hints}</p>
              <WeighRaters />
            </>
          )
        }
      </Await>
    </>
  );
}

/** A reliability, or how many votes are still too few for one. */
export function Reliability({ value, leastVotes }: { value: RaterRow["reliability"]; leastVotes: number }) {
  const { raters: words } = useDesk();
  const format = useFormat();
  if (value === null || value.n >= leastVotes) return <ShareMark value={value} />;
  return <span class="quiet">{words.tooFew(format.count(value.n), format.count(leastVotes))}</span>;
}

export function Flags({ flags }: { flags: RaterRow["flags"] }) {
  const { raters: words } = useDesk();
  if (flags.length === 0) return <span class="quiet">{words.noFlags}</span>;
  return (
    <span class="row">
      {[...new Set(flags.map(({ kind }) => kind))].map((kind) => (
        <span key={kind} class="tag tag-rejected">
          {words.flagNames[kind] ?? kind}
        </span>
      ))}
    </span>
  );
}

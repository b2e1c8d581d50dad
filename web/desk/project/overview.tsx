import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Empty } from "../../ui/states.js";
import { useDesk } from "../strings/index.js";
import { BarChart } from "../ui/chart.js";
import { Confirm } from "../ui/confirm.js";
import { useFormat } from "../ui/format.js";
import { Await, Figure, Heading } from "../ui/page.js";
import { Checklist } from "./checklist.js";
import { useProject } from "./context.js";
import { RateYourself, toRating } from "./rate-yourself.js";

const DAYS = 30;
const DAY = 86_400_000;
/** Days with votes before a pace and an end are shown. */
const PACE_DAYS = 3;
type Turn = "open" | "pause" | "close";
const STATE = { open: "open", pause: "paused", close: "closed" } as const;

export function OverviewPage() {
  const { overview } = useDesk();
  const { project, leads, changed } = useProject();
  const params = { project: project.id };
  const loaded = useLoaded(
    () =>
      Promise.all([
        call("getProgress", { params }),
        call("listActivity", { params, query: { days: DAYS } }),
        call("listReviews", { params, query: { state: "held" } }),
      ]),
    [project.id, project.state],
  );
  // Computed from all votes: the rest of the page does not wait for it.
  const forecast = useLoaded(() => call("getForecast", { params }), [project.id, project.state]);
  const [turn, setTurn] = useState<Turn>();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Heading title={project.name} lead={overview.lead}>
        <Button
          disabled={loaded.data === undefined}
          onClick={() => loaded.data && setAsking(toRating(project.id, loaded.data[0]))}
        >
          {overview.rate}
        </Button>
        {leads && <StateButtons state={project.state} ask={setTurn} />}
      </Heading>
      <Await loaded={loaded}>
        {([progress, activity, { reviews }]) => (
          <>
            <Figures
              progress={progress}
              forecast={forecast.data}
              held={reviews.length}
              days={activity.days.length}
            />
            {leads && (
              <Checklist progress={progress} rate={() => setAsking(toRating(project.id, progress))} />
            )}
            {activity.days.length === 0 && progress.votes === 0 ? (
              <Empty title={overview.nothing} />
            ) : (
              <Days activity={activity} />
            )}
          </>
        )}
      </Await>
      {asking && <RateYourself project={project.id} close={() => setAsking(false)} />}
      {turn && (
        <Confirm
          title={overview[`${turn}Title`]}
          action={overview[turn]}
          danger={turn === "close"}
          close={() => setTurn(undefined)}
          work={async () => {
            await call("changeProject", { params, body: { state: STATE[turn] } });
            changed();
          }}
        >
          <p>{overview[`${turn}Text`]}</p>
        </Confirm>
      )}
    </>
  );
}

function StateButtons({ state, ask }: { state: string; ask(turn: Turn): void }) {
  const { overview } = useDesk();
  return (
    <>
      {state !== "open" && (
        <Button look="primary" onClick={() => ask("open")}>
          {overview.open}
        </Button>
      )}
      {state === "open" && <Button onClick={() => ask("pause")}>{overview.pause}</Button>}
      {state !== "closed" && <Button onClick={() => ask("close")}>{overview.close}</Button>}
    </>
  );
}

function Figures(props: {
  progress: ResultOf<"getProgress">;
  forecast: ResultOf<"getForecast"> | undefined;
  held: number;
  /** Days with votes. */
  days: number;
}) {
  const { overview } = useDesk();
  const format = useFormat();
  const { project } = useProject();
  const { forecast, held, days } = props;
  const { items = 0, done: complete = 0, votes = 0, wanted = 0 } = props.progress;
  const caution = forecast?.caution;
  // A pace within a day or two is an hour's, not a project's.
  const paced = days >= PACE_DAYS;
  const [perDay, end] = paced && forecast !== undefined ? [forecast.perDay, forecast.end] : [null, null];
  const done = items > 0 && complete === items;
  return (
    <>
      <progress class="wide-progress" max={Math.max(1, items)} value={complete} aria-label={overview.items} />
      <dl class="figures">
        <Figure
          name={overview.items}
          value={format.count(complete)}
          note={overview.ofItems(format.count(items))}
        />
        <Figure
          name={overview.votes}
          value={format.count(votes)}
          note={overview.wanted(format.count(wanted))}
        />
        <Figure
          name={overview.pace}
          value={perDay ? format.count(Math.round(perDay.estimate)) : "–"}
          note={
            perDay
              ? overview.paceNote(format.count(Math.round(perDay.low)), format.count(Math.round(perDay.high)))
              : paced
                ? ""
                : overview.paceLater(String(PACE_DAYS))
          }
        />
        <Figure
          name={overview.end}
          value={done ? overview.allDone : end ? format.date(end.estimate) : overview.noEnd}
          {...(!done &&
            (end
              ? {
                  note: [
                    end.high === null
                      ? overview.endOpen(format.date(end.low))
                      : overview.endNote(format.date(end.low), format.date(end.high)),
                    ...(caution === undefined ? [] : [caution]),
                  ].join("; "),
                }
              : paced && forecast?.why && { note: forecast.why }))}
        />
        <Figure
          name={overview.held}
          value={held === 0 ? "0" : <Link href={`/desk/${project.id}/review`}>{format.count(held)}</Link>}
          note={overview.heldNote}
        />
      </dl>
    </>
  );
}

function Days({ activity: { today, days } }: { activity: ResultOf<"listActivity"> }) {
  const { overview } = useDesk();
  const format = useFormat();
  const bars = Array.from({ length: DAYS }, (_, i) => {
    const day = today - (DAYS - 1 - i) * DAY;
    const found = days.find((one) => one.day === day);
    return {
      label: format.utcDay(day),
      value: found?.votes ?? 0,
      note: format.count(found?.raters ?? 0),
    };
  });
  return (
    <section class="card stack">
      <h2>{overview.perDay}</h2>
      <BarChart title={overview.votes} bars={bars} noteTitle={overview.raters} />
    </section>
  );
}

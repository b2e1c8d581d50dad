/** Pauses, excludes and reactivates a rater; shows what an exclusion would change before it happens. */
import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Table } from "../../ui/table.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { Confirm } from "../ui/confirm.js";
import { useFormat } from "../ui/format.js";
import { Await } from "../ui/page.js";
import { useProject } from "./context.js";

type Turn = "pause" | "exclude" | "goOn";
const STATE = { pause: "paused", exclude: "excluded", goOn: "active" } as const;
/** Most changed answers that are listed. */
const SHOWN = 20;

export function StopButtons(props: { rater: string; state: string; name: string; done(): void }) {
  const { rater, state, name, done } = props;
  const { stop } = useDesk();
  const { project } = useProject();
  const [turn, setTurn] = useState<Turn>();
  const say = useToast();
  const stopped = state === "paused" || state === "excluded";
  if (state === "left") return null;
  return (
    <>
      {stopped && <Button onClick={() => setTurn("goOn")}>{stop.goOn}</Button>}
      {state === "active" && (
        <Button look="quiet" onClick={() => setTurn("pause")}>
          {stop.pause}
        </Button>
      )}
      {state !== "excluded" && (
        <Button look="quiet" onClick={() => setTurn("exclude")}>
          {stop.exclude}
        </Button>
      )}
      {turn && (
        <Confirm
          title={stop[`${turn}Title`](name)}
          action={stop[turn]}
          danger={turn === "exclude"}
          reason={turn === "goOn" ? "none" : "required"}
          close={() => setTurn(undefined)}
          work={async (reason) => {
            const state = STATE[turn];
            const body = { state, ...(reason !== "" && { reason }) };
            await call("setMemberState", { params: { project: project.id, rater }, body });
            say(stop[state]);
            done();
          }}
        >
          <p>{stop[`${turn}Text`]}</p>
          {turn === "exclude" && <Effect rater={rater} />}
        </Confirm>
      )}
    </>
  );
}

function Effect({ rater }: { rater: string }) {
  const { stop } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const loaded = useLoaded(
    () => call("previewExclusion", { params: { project: project.id, rater } }),
    [rater],
  );
  return (
    <section class="stack-small" aria-label={stop.effect}>
      <h3>{stop.effect}</h3>
      <Await loaded={loaded}>
        {(preview) => (
          <>
            <p>
              {stop.effectText(
                format.count(preview.votes),
                format.count(preview.changed),
                format.count(preview.lost),
                format.count(preview.units),
              )}
            </p>
            {preview.changes.length === 0 ? (
              <p class="quiet">{stop.noChange}</p>
            ) : (
              <Changes preview={preview} />
            )}
          </>
        )}
      </Await>
    </section>
  );
}

function Changes({ preview }: { preview: ResultOf<"previewExclusion"> }) {
  const { stop, common } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const said = (side: { answer: string; probability: number } | null) =>
    side === null ? stop.gone : `${side.answer} (${format.percent(side.probability)})`;
  const rows = preview.changes.slice(0, SHOWN).map((change, i) => ({ ...change, i }));
  return (
    <>
      {preview.changed + preview.lost > rows.length && <p>{stop.first(format.count(rows.length))}</p>}
      <Table
        caption={stop.effect}
        rows={rows}
        rowKey={({ i }) => String(i)}
        columns={[
          {
            title: common.item,
            cell: ({ item, left, right }) => (
              <Link href={`/desk/${project.id}/items/${item}`}>
                {right === undefined ? item.slice(-5) : `${left} / ${right}`}
              </Link>
            ),
          },
          { title: stop.before, cell: ({ before }) => said(before) },
          { title: stop.after, cell: ({ after }) => said(after) },
        ]}
      />
    </>
  );
}

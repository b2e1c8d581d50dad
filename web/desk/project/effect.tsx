/** A preview of what leaving out votes would change. */
import type { ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await } from "../ui/page.js";
import { useProject } from "./context.js";

type Preview = ResultOf<"previewExclusion">;
/** Most changed answers that are listed. */
const SHOWN = 20;

/** What would change if votes did not count. @param inputs the preview is loaded again when one of them changes. */
export function Effect({ load, inputs }: { load(): Promise<Preview>; inputs: readonly unknown[] }) {
  const { stop } = useDesk();
  const format = useFormat();
  const loaded = useLoaded(load, inputs);
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

function Changes({ preview }: { preview: Preview }) {
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

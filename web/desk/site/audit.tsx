import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { FormProblem } from "../../ui/form-problem.js";
import { Empty } from "../../ui/states.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";

const PAGE = 100;

export function AuditPage() {
  const { audit } = useDesk();
  const format = useFormat();
  const [after, setAfter] = useState(0);
  const loaded = useLoaded(
    () => call("readAudit", { query: { after, limit: PAGE, rows: "false" } }),
    [after],
  );
  return (
    <>
      <Heading title={audit.title} lead={audit.lead} />
      <Verification />
      <Await loaded={loaded}>
        {({ entries, next }) =>
          entries.length === 0 ? (
            <Empty title={audit.empty} />
          ) : (
            <>
              <Table
                caption={audit.title}
                rows={entries}
                rowKey={({ seq }) => String(seq)}
                columns={[
                  { title: audit.number, numeric: true, cell: ({ seq }) => format.count(seq) },
                  { title: audit.at, cell: ({ at }) => <span class="when">{format.moment(at)}</span> },
                  { title: audit.action, cell: ({ action }) => <strong>{action}</strong> },
                  { title: audit.actor, cell: ({ actor }) => <code>{actor}</code> },
                  { title: audit.subject, cell: ({ subject }) => <code>{subject}</code> },
                  {
                    title: audit.details,
                    cell: ({ details, texts }) => (
                      <Details details={{ ...(details as Record<string, unknown>), ...texts }} />
                    ),
                  },
                ]}
              />
              <div class="row row-center">
                {after > 0 && (
                  <Button onClick={() => setAfter(Math.max(0, after - PAGE))}>{audit.older}</Button>
                )}
                {next !== undefined && <Button onClick={() => setAfter(next)}>{audit.newer}</Button>}
              </div>
            </>
          )
        }
      </Await>
    </>
  );
}

function Details({ details }: { details: unknown }) {
  const text = JSON.stringify(details);
  if (text === "{}") return null;
  if (text.length <= 80) return <code>{text}</code>;
  return (
    <details>
      <summary>
        <code>{text.slice(0, 60)}…</code>
      </summary>
      <pre class="json">{JSON.stringify(details, null, 2)}</pre>
    </details>
  );
}

function Verification() {
  const { audit } = useDesk();
  const format = useFormat();
  const [found, setFound] = useState<ResultOf<"verifyAudit">>();
  const { busy, problem, run } = useAction(async () => setFound(await call("verifyAudit", {})));
  return (
    <section class="card stack">
      <div class="row">
        <Button disabled={busy} onClick={() => run()}>
          {audit.verify}
        </Button>
        <span role="status">{busy && audit.verifying}</span>
      </div>
      <FormProblem problem={problem} />
      {found && (
        <div role="status" class="stack-small">
          <p class={found.problemCount === 0 ? "notice notice-good" : "notice notice-bad"}>
            {found.problemCount === 0
              ? audit.intact(format.count(found.entries), format.count(found.votes))
              : audit.broken(format.count(found.problemCount))}
          </p>
          <p class="quiet">
            {audit.head(format.count(found.head.seq))} <code class="hash">{found.head.hash}</code>
          </p>
          {found.notes.map((note) => (
            <p key={note} class="quiet">
              {note}
            </p>
          ))}
          <ul class="lines">
            {found.problems.map(({ seq, kind, problem: what }) => (
              <li key={`${seq} ${kind} ${what}`}>
                {format.count(seq)} <strong>{kind}</strong>: {what}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

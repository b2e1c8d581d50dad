import { call, type ResultOf } from "../../api/client.js";
import { useLoaded } from "../../ui/async.js";
import { Empty } from "../../ui/states.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { EstimateChart } from "../ui/chart.js";
import { useFormat } from "../ui/format.js";
import { Await, Figure, Heading } from "../ui/page.js";
import { useProject } from "./context.js";

type OfAspect = ResultOf<"getAgreement">["aspects"][number];

export function AgreementPage() {
  const { agreement: words, tabs } = useDesk();
  const { project } = useProject();
  const loaded = useLoaded(() => call("getAgreement", { params: { project: project.id } }), [project.id]);
  return (
    <>
      <Heading title={tabs.agreement} lead={words.lead} />
      <Await loaded={loaded}>
        {({ aspects }) => {
          const known = aspects.filter(({ percent }) => percent !== null);
          return known.length === 0 ? (
            <Empty title={words.none}>
              <p>{words.noneHint}</p>
            </Empty>
          ) : (
            known.map((one) => <AspectAgreement key={one.aspect} found={one} titled={aspects.length > 1} />)
          );
        }}
      </Await>
    </>
  );
}

function AspectAgreement({ found, titled }: { found: OfAspect; titled: boolean }) {
  const { agreement: words } = useDesk();
  const format = useFormat();
  const { alpha, percent, windows, groups, raters } = found;
  const main = alpha.nominal;
  return (
    <section class="stack">
      {titled && <h2>{found.aspect}</h2>}
      <dl class="figures">
        <Figure
          name={words.alpha}
          value={main ? format.two(main.estimate) : "–"}
          {...(main && { note: `${format.two(main.low)} – ${format.two(main.high)}` })}
        />
        <Figure
          name={words.percent}
          value={percent ? format.percent(percent.estimate) : "–"}
          {...(percent && { note: `${format.percent(percent.low)} – ${format.percent(percent.high)}` })}
        />
        <Figure name={words.items} value={format.count(percent?.n ?? 0)} />
        <Figure name={words.raters} value={format.count(raters)} />
      </dl>
      <p class="quiet">{words.reading}</p>
      {windows.length > 1 && (
        <section class="card stack">
          <h3>{words.overTime}</h3>
          <p class="quiet">{words.overTimeText}</p>
          <EstimateChart
            title={words.alpha}
            points={windows.map(({ from, to, votes, alpha: value }) => ({
              label: labelOf(format.day(from), format.day(to), windows, from, format.moment),
              value,
              votes,
            }))}
          />
        </section>
      )}
      {groups.length > 1 && (
        <section class="stack-small">
          <h3>{words.byGroup}</h3>
          <Table
            caption={words.byGroup}
            rows={groups}
            rowKey={({ group }) => group}
            columns={[
              { title: words.group, cell: ({ group }) => group || "–" },
              { title: words.alpha, cell: ({ alpha: value }) => (value ? format.coefficient(value) : "–") },
              { title: "n", numeric: true, cell: ({ votes }) => format.count(votes) },
            ]}
          />
        </section>
      )}
      <Others found={found} />
    </section>
  );
}

/** The day if windows are days apart, else the time at which the window begins. */
function labelOf(
  from: string,
  to: string,
  windows: OfAspect["windows"],
  start: number,
  moment: (time: number) => string,
): string {
  const days = new Set(windows.map((window) => Math.floor(window.from / 86_400_000)));
  if (days.size < windows.length) return moment(start);
  return from === to ? from : `${from} – ${to}`;
}

function Others({ found: { alpha, fleiss, cohen } }: { found: OfAspect }) {
  const { agreement: words } = useDesk();
  const format = useFormat();
  const rows = [
    { name: words.ordinal, value: alpha.ordinal },
    { name: words.interval, value: alpha.interval },
    { name: words.fleiss, value: fleiss },
    { name: words.cohen, value: cohen },
  ].flatMap(({ name, value }) => (value === null ? [] : [{ name, value }]));
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>{words.others}</summary>
      <Table
        caption={words.others}
        rows={rows}
        rowKey={({ name }) => name}
        columns={[
          { title: words.coefficient, cell: ({ name }) => name },
          { title: words.value, cell: ({ value }) => format.coefficient(value) },
        ]}
      />
    </details>
  );
}

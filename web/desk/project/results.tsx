import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { asksForText, aspectsOrKind } from "../../task-kinds.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Empty } from "../../ui/states.js";
import { type Column, Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { Select } from "../ui/select.js";
import { AspectChoice } from "./aspect-choice.js";
import { useProject } from "./context.js";
import { Downloads } from "./downloads.js";

type Results = ResultOf<"listPreferences">;
const HELD = ["count", "leave-out"] as const;
const PAGE = 100;

export function ResultsPage() {
  const { results: words, tabs, disagreements } = useDesk();
  const { project, leads } = useProject();
  const format = useFormat();
  const [aspect, setAspect] = useState(aspectsOrKind(project.task)[0]);
  const [held, setHeld] = useState<(typeof HELD)[number]>("count");
  const [offset, setOffset] = useState(0);
  const text = asksForText(project.task);
  const loaded = useLoaded(
    () =>
      call("listPreferences", {
        params: { project: project.id },
        query: { aspect, held, offset, limit: PAGE },
      }),
    [project.id, aspect, held, offset],
  );
  return (
    <>
      <Heading title={tabs.results} lead={words.lead}>
        <AspectChoice
          value={aspect}
          change={(next) => {
            setOffset(0);
            setAspect(next);
          }}
        />
        <Select label={words.held} options={HELD} names={words.heldOptions} value={held} change={setHeld} />
      </Heading>
      {leads && <Downloads aspect={aspect} held={held} />}
      {!text && (
        <Await loaded={loaded}>
          {(found) =>
            found.count === 0 ? (
              <Empty title={words.none}>
                <p>{words.noneHint}</p>
              </Empty>
            ) : (
              <>
                <Found found={found} />
                <div class="row row-center">
                  {offset > 0 && (
                    <Button onClick={() => setOffset(Math.max(0, offset - PAGE))}>
                      {disagreements.before}
                    </Button>
                  )}
                  {found.next !== undefined && (
                    <Button onClick={() => setOffset(found.next ?? 0)}>{disagreements.next}</Button>
                  )}
                </div>
                <p class="quiet">
                  {words.method(found.method)}. {words.count(format.count(found.count))}.
                </p>
              </>
            )
          }
        </Await>
      )}
    </>
  );
}

function Found({ found }: { found: Results }) {
  const { results: words, verbs, common } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const item = ({
    item: id,
    prompt,
    adjudicated,
  }: {
    item: string;
    prompt: string;
    adjudicated?: boolean | undefined;
  }) => (
    <>
      <Link class="cut" href={`/desk/${project.id}/items/${id}`} dir="auto">
        {prompt.slice(0, 120) || "…"}
      </Link>
      {adjudicated && <span class="tag tag-good">{verbs.byLead}</span>}
    </>
  );
  if (found.kind === "labels") {
    const columns: Column<Results["labels"][number]>[] = [
      { title: common.item, cell: (row) => item(row) },
      { title: words.candidate, cell: ({ response }) => response ?? "" },
      { title: words.label, cell: ({ label }) => label },
      { title: words.probability, numeric: true, cell: ({ probability }) => format.two(probability) },
      { title: words.review, cell: ({ review }) => review ?? "" },
    ];
    return (
      <section class="stack-small">
        <h2>{words.labels}</h2>
        <Table
          caption={words.labels}
          rows={found.labels}
          rowKey={(row) => row.item + (row.response ?? "")}
          columns={columns}
        />
      </section>
    );
  }
  const turned = found.preferences.map(({ left, right, probability, ...rest }) =>
    probability >= 0.5
      ? { ...rest, better: left, worse: right, probability }
      : { ...rest, better: right, worse: left, probability: 1 - probability },
  );
  return (
    <>
      <section class="stack-small">
        <h2>{words.preferences}</h2>
        <Table
          caption={words.preferences}
          rows={turned}
          rowKey={(row) => `${row.item} ${row.better} ${row.worse}`}
          columns={[
            { title: common.item, cell: (row) => item(row) },
            { title: words.better, cell: ({ better }) => better },
            { title: words.worse, cell: ({ worse }) => worse },
            { title: words.probability, numeric: true, cell: ({ probability }) => format.two(probability) },
            { title: words.noise, numeric: true, cell: ({ noise }) => format.two(noise) },
            { title: common.votes, numeric: true, cell: ({ votes }) => format.count(votes) },
            { title: words.review, cell: ({ review }) => review ?? "" },
          ]}
        />
      </section>
      {found.scores.length > 0 && (
        <details>
          <summary>{words.scores}</summary>
          <Table
            caption={words.scores}
            rows={found.scores}
            rowKey={({ candidate }) => candidate}
            columns={[
              { title: words.candidate, cell: ({ candidate }) => candidate },
              {
                title: words.score,
                cell: ({ score, low, high }) =>
                  `${format.two(score)} (${format.two(low)} – ${format.two(high)})`,
              },
            ]}
          />
        </details>
      )}
    </>
  );
}

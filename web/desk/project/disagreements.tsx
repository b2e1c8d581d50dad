import { useEffect, useRef, useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { aspectsOrKind } from "../../task-kinds.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Empty } from "../../ui/states.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { AspectChoice } from "./aspect-choice.js";
import { useProject } from "./context.js";
import { ContentView, DecisionView, VotesOn } from "./item-view.js";
import { ItemVerbs } from "./verbs/item-verbs.js";

type Unit = ResultOf<"listDisagreements">["items"][number];
const PAGE = 20;

export function DisagreementsPage() {
  const { disagreements: words, tabs } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const [aspect, setAspect] = useState(aspectsOrKind(project.task)[0]);
  const [offset, setOffset] = useState(0);
  const loaded = useLoaded(
    () =>
      call("listDisagreements", { params: { project: project.id }, query: { aspect, offset, limit: PAGE } }),
    [project.id, aspect, offset],
  );
  return (
    <>
      <Heading title={tabs.disagreements} lead={words.lead}>
        <AspectChoice
          value={aspect}
          change={(next) => {
            setOffset(0);
            setAspect(next);
          }}
        />
      </Heading>
      <Await loaded={loaded}>
        {({ items, count, next }) =>
          items.length === 0 ? (
            <Empty title={words.none} />
          ) : (
            <>
              <p class="quiet">
                {words.count(format.count(count))}.{" "}
                {words.page(format.count(offset + 1), format.count(offset + items.length))}
              </p>
              <ul class="votes">
                {items.map((unit) => (
                  <li key={unit.item + (unit.what ?? "")}>
                    <Disagreement unit={unit} />
                  </li>
                ))}
              </ul>
              <div class="row row-center">
                {offset > 0 && <Button onClick={() => setOffset(offset - PAGE)}>{words.before}</Button>}
                {next !== undefined && <Button onClick={() => setOffset(next)}>{words.next}</Button>}
              </div>
            </>
          )
        }
      </Await>
    </>
  );
}

/** One item: how many raters gave each answer; when opened, the whole item. */
function Disagreement({ unit }: { unit: Unit }) {
  const { disagreements: words, verbs } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const tally = new Map<string, number>();
  for (const { said } of unit.votes) tally.set(said, (tally.get(said) ?? 0) + 1);
  const shares = [...tally].sort(([, a], [, b]) => b - a);
  return (
    <details class="card disagreement" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="disagreement-prompt" dir="auto">
          {unit.prompt || "…"}
        </span>
        <span class="row">
          {unit.adjudicated && <span class="tag tag-good">{verbs.byLead}</span>}
          {unit.what && <span class="tag">{unit.what}</span>}
          {shares.map(([said, n]) => (
            <span key={said} class="said">
              {said} <strong>× {format.count(n)}</strong>
            </span>
          ))}
          <span class="quiet">
            {words.entropy} {format.two(unit.entropy)}
          </span>
        </span>
      </summary>
      {open && (
        <div class="stack disagreement-body">
          <Whole item={unit.item} />
          <Link href={`/desk/${project.id}/items/${unit.item}`}>{words.open}</Link>
        </div>
      )}
    </details>
  );
}

function Whole({ item: id }: { item: string }) {
  const { project } = useProject();
  const first = useRef<HTMLDivElement>(null);
  const loaded = useLoaded(() => call("getItem", { params: { project: project.id, item: id } }), [id]);
  useEffect(() => first.current?.scrollIntoView({ block: "nearest" }), [loaded.data]);
  return (
    <Await loaded={loaded}>
      {(item) => (
        <div ref={first} class="stack">
          <ItemVerbs item={item} reload={loaded.reload} />
          <DecisionView item={item} />
          <ContentView content={item.content} />
          <VotesOn item={item} />
        </div>
      )}
    </Await>
  );
}

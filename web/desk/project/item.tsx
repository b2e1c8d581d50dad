import { call } from "../../api/client.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { Prose } from "../ui/prose.js";
import { answerText } from "./answer-text.js";
import { useProject } from "./context.js";
import { ContentView, DecisionView, type Item, stateName, useResponseNames, VotesOn } from "./item-view.js";
import { ItemVerbs } from "./verbs/item-verbs.js";

export function ItemPage({ id }: { id: string }) {
  const { project } = useProject();
  const params = { project: project.id, item: id };
  const loaded = useLoaded(() => call("getItem", { params }), [id]);
  return <Await loaded={loaded}>{(item) => <ItemView item={item} reload={loaded.reload} />}</Await>;
}

function ItemView({ item, reload }: { item: Item; reload(): void }) {
  const desk = useDesk();
  const { items } = desk;
  const { project } = useProject();
  const format = useFormat();
  const names = useResponseNames(item.content.responses.length);
  return (
    <>
      <Link href={`/desk/${project.id}/items`}>← {items.back}</Link>
      <Heading
        title={items.title(item.position)}
        lead={`${stateName(items, item)}, ${items.votesOf(format.count(item.votes), format.count(item.overlap))}`}
      >
        {item.gold && <span class="tag tag-gold">{items.gold}</span>}
      </Heading>
      <ItemVerbs item={item} reload={reload} />
      <DecisionView item={item} />
      <ContentView content={item.content} />
      {item.gold && (
        <section class="card stack-small">
          <h2 class="label">{items.goldAnswer}</h2>
          <Prose text={answerText(item.gold, names, project.task, desk)} />
        </section>
      )}
      <section class="stack">
        <h2>{items.saidWhat}</h2>
        <VotesOn item={item} />
      </section>
    </>
  );
}

import { useState } from "preact/hooks";
import { call } from "../../api/client.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { Confirm } from "../ui/confirm.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { Prose } from "../ui/prose.js";
import { answerText } from "./answer-text.js";
import { useProject } from "./context.js";
import { ContentView, type Item, stateName, useResponseNames, VotesOn } from "./item-view.js";

export function ItemPage({ id }: { id: string }) {
  const { project } = useProject();
  const params = { project: project.id, item: id };
  const loaded = useLoaded(() => call("getItem", { params }), [id]);
  return <Await loaded={loaded}>{(item) => <ItemView item={item} reload={loaded.reload} />}</Await>;
}

function ItemView({ item, reload }: { item: Item; reload(): void }) {
  const desk = useDesk();
  const { items } = desk;
  const { project, leads } = useProject();
  const format = useFormat();
  const say = useToast();
  const [asking, setAsking] = useState(false);
  const names = useResponseNames(item.content.responses.length);
  return (
    <>
      <Link href={`/desk/${project.id}/items`}>← {items.back}</Link>
      <Heading
        title={items.title(item.position)}
        lead={`${stateName(items, item)}, ${items.votesOf(format.count(item.votes), format.count(item.overlap))}`}
      >
        {item.gold && <span class="tag tag-gold">{items.gold}</span>}
        {leads && item.state !== "withdrawn" && (
          <Button look="danger" onClick={() => setAsking(true)}>
            {items.withdraw}
          </Button>
        )}
      </Heading>
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
      {asking && (
        <Confirm
          title={items.withdrawTitle}
          action={items.withdraw}
          danger
          reason="required"
          close={() => setAsking(false)}
          work={async (reason) => {
            await call("withdrawItem", { params: { project: project.id, item: item.id }, body: { reason } });
            say(items.withdrawn);
            reload();
          }}
        >
          <p>{items.withdrawText}</p>
        </Confirm>
      )}
    </>
  );
}

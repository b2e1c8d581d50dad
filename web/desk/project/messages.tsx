/** Conversations with raters, and what raters skipped. */
import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { useProject } from "./context.js";
import { raterName } from "./rater-name.js";
import { WriteButton, WriteDialog } from "./verbs/write.js";

type Conversation = ResultOf<"listConversations">["conversations"][number];
type Skip = ResultOf<"listSkips">["skips"][number];
/** Most skips that are listed. */
const SHOWN = 200;

export function MessagesPage() {
  const { messages: words, tabs } = useDesk();
  const { project, leads } = useProject();
  const params = { project: project.id };
  const loaded = useLoaded(
    () =>
      Promise.all([
        call("listConversations", { params }),
        call("listSkips", { params, query: { limit: SHOWN } }),
        // Names are for leads.
        leads ? call("listMembers", { params }) : { members: [] },
      ]),
    [project.id],
  );
  return (
    <>
      <Heading title={tabs.messages} lead={words.lead} />
      <Await loaded={loaded}>
        {([{ conversations }, { skips }, { members }]) => {
          const names = new Map(
            members.flatMap(({ rater, name, login }): [string, string][] => {
              const known = name ?? login;
              return known === undefined ? [] : [[rater, known]];
            }),
          );
          return (
            <>
              <Conversations {...{ conversations, names, reload: loaded.reload }} />
              <Skips {...{ skips, names }} />
            </>
          );
        }}
      </Await>
    </>
  );
}

interface Named {
  names: ReadonlyMap<string, string>;
}

function Conversations(props: Named & { conversations: readonly Conversation[]; reload(): void }) {
  const { conversations, names, reload } = props;
  const { messages: words, common } = useDesk();
  const { leads } = useProject();
  const format = useFormat();
  const [open, setOpen] = useState<string>();
  const nameOf = (rater: string) => names.get(rater) ?? raterName(rater, common);
  return (
    <section class="stack">
      <h2>{words.conversations}</h2>
      {conversations.length === 0 ? (
        <p class="quiet">{words.conversationsNone}</p>
      ) : (
        <ul class="lines card">
          {conversations.map(({ rater, last, unread }) => (
            <li key={rater} class="row">
              <strong dir="auto">{nameOf(rater)}</strong>
              {unread > 0 && <span class="tag tag-held">{words.new(format.count(unread))}</span>}
              <span class="message-start quiet" dir="auto">
                {last.text}
              </span>
              <span class="quiet">{format.moment(last.sentAt)}</span>
              {leads && <Button onClick={() => setOpen(rater)}>{words.open}</Button>}
            </li>
          ))}
        </ul>
      )}
      {open !== undefined && (
        <WriteDialog
          rater={open}
          name={nameOf(open)}
          close={() => {
            setOpen(undefined);
            reload();
          }}
        />
      )}
    </section>
  );
}

function Skips({ skips, names }: Named & { skips: readonly Skip[] }) {
  const { messages: words, common, items } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  return (
    <section class="stack">
      <h2>{words.skips}</h2>
      {skips.length === 0 ? (
        <p class="quiet">{words.skipsNone}</p>
      ) : (
        <>
          <p class="quiet">{words.skipsText}</p>
          <Table
            caption={words.skips}
            rows={skips.map((skip, i) => ({ ...skip, i }))}
            rowKey={({ i }) => String(i)}
            columns={[
              {
                title: words.reason,
                cell: ({ reason }) => (
                  <span class={reason === "harmful" ? "tag tag-rejected" : "tag"}>
                    {words.reasons[reason]}
                  </span>
                ),
              },
              { title: words.words, cell: ({ note }) => <span dir="auto">{note ?? ""}</span> },
              {
                title: items.prompt,
                cell: ({ item, prompt }) => (
                  <Link class="cut" href={`/desk/${project.id}/items/${item}`} dir="auto">
                    {prompt.slice(0, 120) || "…"}
                  </Link>
                ),
              },
              {
                title: common.rater,
                cell: ({ rater }) => (
                  <Link href={`/desk/${project.id}/raters/${rater}`} dir="auto">
                    {names.get(rater) ?? raterName(rater, common)}
                  </Link>
                ),
              },
              { title: words.taken, cell: ({ at }) => format.moment(at) },
              {
                title: "",
                cell: ({ rater, item }) => <WriteButton rater={rater} about={item} quiet />,
              },
            ]}
          />
        </>
      )}
    </section>
  );
}

import { useEffect, useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { Link } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { Empty } from "../../ui/states.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { promptText } from "../ui/prose.js";
import { Select } from "../ui/select.js";
import { useProject } from "./context.js";
import { stateName } from "./item-view.js";
import { UploadDialog } from "./upload.js";

/** What each filter asks for; an item is done when it is decided or has all the votes wanted. */
const QUERIES = {
  all: {},
  open: { state: "open", done: "false" },
  done: { done: "true" },
  withdrawn: { state: "withdrawn" },
  gold: { gold: "true" },
} as const;
type Filter = keyof typeof QUERIES;
const FILTERS = Object.keys(QUERIES) as Filter[];
type Listed = ResultOf<"listItems">;
/** Items per page. */
const PAGE = 50;

export function ItemsPage() {
  const { items: words, tabs } = useDesk();
  const { project, leads } = useProject();
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [uploading, setUploading] = useState(false);
  const query = {
    limit: PAGE,
    ...(search !== "" && { search }),
    ...QUERIES[filter],
  };
  const ask = (after: number) =>
    call("listItems", { params: { project: project.id }, query: { ...query, after } });
  const loaded = useLoaded(() => ask(0), [project.id, search, filter]);
  const everything = search === "" && filter === "all";
  return (
    <>
      <Heading title={tabs.items} lead={words.lead}>
        {leads && (
          <Button look="primary" onClick={() => setUploading(true)}>
            {words.add}
          </Button>
        )}
      </Heading>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          setSearch(String(new FormData(event.currentTarget).get("search") ?? "").trim());
        }}
      >
        <Field
          label={words.search}
          name="search"
          type="search"
          maxLength={200}
          placeholder={words.searchHint}
        />
        <Select
          label={words.filter}
          options={FILTERS}
          names={words.filters}
          value={filter}
          change={setFilter}
        />
        <Button type="submit">{words.find}</Button>
      </form>
      <Await loaded={loaded}>
        {(first) =>
          first.items.length === 0 ? (
            <Empty title={everything ? words.none : words.nothingFound}>
              {everything && <p>{words.noneHint}</p>}
            </Empty>
          ) : (
            <ItemTable first={first} ask={ask} />
          )
        }
      </Await>
      {uploading && (
        <UploadDialog
          close={() => setUploading(false)}
          added={() => {
            setSearch("");
            setFilter("all");
            loaded.reload();
          }}
        />
      )}
    </>
  );
}

function ItemTable({ first, ask }: { first: Listed; ask(after: number): Promise<Listed> }) {
  const { items: words, common } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const [pages, setPages] = useState<Listed[]>([first]);
  const [busy, setBusy] = useState(false);
  useEffect(() => setPages([first]), [first]);
  const next = pages.at(-1)?.next;
  return (
    <>
      <Table
        caption={words.lead}
        rows={pages.flatMap(({ items }) => items)}
        rowKey={({ id }) => id}
        columns={[
          { title: words.number, numeric: true, cell: ({ position }) => format.count(position) },
          {
            title: words.prompt,
            cell: ({ id, content }) => (
              <Link class="cut" href={`/desk/${project.id}/items/${id}`} dir="auto">
                {promptText(content.prompt).slice(0, 200) || "…"}
              </Link>
            ),
          },
          {
            title: common.state,
            cell: ({ state, done, gold }) => (
              <span class="row">
                <span class="tag">{stateName(words, { state, done })}</span>
                {gold && <span class="tag tag-gold">{words.gold}</span>}
              </span>
            ),
          },
          {
            title: words.votes,
            numeric: true,
            cell: ({ votes, overlap }) => words.votesOf(format.count(votes), format.count(overlap)),
          },
        ]}
      />
      {next !== undefined && (
        <div class="row row-center">
          <Button
            disabled={busy}
            onClick={() => {
              setBusy(true);
              ask(next)
                .then((page) => setPages((before) => [...before, page]))
                .finally(() => setBusy(false));
            }}
          >
            {words.loadMore}
          </Button>
        </div>
      )}
    </>
  );
}

import { call } from "../../api/client.js";
import { Link } from "../../router.js";
import { useSession } from "../../session.js";
import { useStrings } from "../../strings/index.js";
import { useLoaded } from "../../ui/async.js";
import { Empty } from "../../ui/states.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";

/** Every project that the account leads or reviews. */
export function ProjectsPage() {
  const { projects } = useDesk();
  const { account } = useSession();
  const loaded = useLoaded(() => call("listProjects", {}), [account?.id]);
  const leads = account?.role !== "reviewer";
  return (
    <>
      <Heading title={projects.title} lead={projects.lead}>
        {leads && (
          <Link class="button button-primary" href="/desk/new">
            {projects.new}
          </Link>
        )}
      </Heading>
      <Await loaded={loaded}>
        {({ projects: all }) =>
          all.length === 0 ? (
            <Empty title={projects.none}>
              <p>{leads ? projects.noneHint : projects.noneReviewer}</p>
            </Empty>
          ) : (
            <ul class="cards project-cards">
              {all.map(({ id, name, state, task }) => (
                <ProjectCard key={id} {...{ id, name, state, kind: task.kind }} />
              ))}
            </ul>
          )
        }
      </Await>
    </>
  );
}

type Home = ReturnType<typeof useStrings>["home"];

function ProjectCard(props: {
  id: string;
  name: string;
  state: keyof Home["states"];
  kind: keyof Home["kinds"];
}) {
  const { id, name, state, kind } = props;
  const { projects } = useDesk();
  const { home } = useStrings();
  const format = useFormat();
  const { data } = useLoaded(() => call("getProgress", { params: { project: id } }), [id]);
  const { items = 0, done = 0 } = data ?? {};
  return (
    <li>
      <Link class="card card-link" href={`/desk/${id}/overview`}>
        <span class="card-name" dir="auto">
          {name}
        </span>
        <span class="quiet">{home.kinds[kind]}</span>
        <span class={state === "open" ? "tag tag-good" : "tag"}>{home.states[state]}</span>
        {data && (
          <span class="card-progress">
            <progress max={Math.max(1, items)} value={done} aria-label={name} />
            <span class="quiet">
              {items === 0 ? projects.noItems : projects.progress(format.count(done), format.count(items))}
            </span>
          </span>
        )}
      </Link>
    </li>
  );
}

import { call } from "../api/client.js";
import { Link } from "../router.js";
import { useSession } from "../session.js";
import { useStrings } from "../strings/index.js";
import { useLoaded } from "../ui/async.js";
import { Empty, Loading, ProblemState } from "../ui/states.js";
import { TopBar } from "../ui/top-bar.js";

/** The projects that a rater works in. */
export function Home() {
  const { home, product } = useStrings();
  const { account } = useSession();
  const { data, problem, reload } = useLoaded(() => call("listProjects", {}), [account?.id]);
  return (
    <>
      <TopBar title={product} />
      <main class="page">
        <h1>{home.title}</h1>
        {problem && <ProblemState problem={problem} retry={reload} />}
        {!data && !problem && <Loading />}
        {data?.projects.length === 0 && (
          <Empty title={home.none}>
            <p>{home.noneHint}</p>
          </Empty>
        )}
        {data && data.projects.length > 0 && (
          <ul class="cards">
            {data.projects.map(({ id, name, state, task }) => (
              <li key={id}>
                <Link class="card card-link" href={`/p/${id}`}>
                  <span class="card-name">{name}</span>
                  <span class="quiet">{home.kinds[task.kind]}</span>
                  {state !== "open" && <span class="tag">{home.states[state]}</span>}
                </Link>
              </li>
            ))}
          </ul>
        )}
      </main>
    </>
  );
}

import { call, type ResultOf, send } from "../../api/client.js";
import { usePreferences } from "../../preferences-context.js";
import { Link, navigate } from "../../router.js";
import { useSession } from "../../session.js";
import { useStrings } from "../../strings/index.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { FormProblem } from "../../ui/form-problem.js";
import { Empty } from "../../ui/states.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";

/** How long the page waits for a sample project. */
const SAMPLE_MILLISECONDS = 120_000;

/** Every project that the account leads or reviews, and those where it rates. */
export function ProjectsPage() {
  const { projects, begin } = useDesk();
  const { home } = useStrings();
  const { account } = useSession();
  const say = useToast();
  const { language } = usePreferences().preferences;
  const sample = useAction(async () => {
    // Some thirty writes, which a busy disk takes its time for.
    const answer = await send("makeSample", { body: { language } }, SAMPLE_MILLISECONDS);
    const made = (await answer.json()) as ResultOf<"makeSample">;
    say(begin.sampleMade);
    navigate(`/desk/${made.id}/overview`);
  });
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
        {({ projects: all }) => {
          // Only a project's staff is told its settings.
          const led = all.filter(({ settings }) => settings !== undefined);
          const rated = all.filter(({ settings }) => settings === undefined);
          return (
            <>
              {led.length === 0 ? (
                <Empty title={projects.none}>
                  <p>{leads ? projects.noneHint : projects.noneReviewer}</p>
                </Empty>
              ) : (
                <ul class="cards project-cards">
                  {led.map(({ id, name, state, task }) => (
                    <ProjectCard key={id} {...{ id, name, state, kind: task.kind }} />
                  ))}
                </ul>
              )}
              {leads && (
                <section class="row sample">
                  <Button disabled={sample.busy} onClick={() => sample.run()}>
                    {begin.sample}
                  </Button>
                  <span class="quiet sample-hint">{begin.sampleHint}</span>
                </section>
              )}
              <FormProblem problem={sample.problem} />
              {rated.length > 0 && (
                <section class="stack-small">
                  <h2>{begin.ratedHere}</h2>
                  <ul class="cards">
                    {rated.map(({ id, name, task }) => (
                      <li key={id}>
                        <Link class="card card-link" href={`/p/${id}`}>
                          <span class="card-name" dir="auto">
                            {name}
                          </span>
                          <span class="quiet">{home.kinds[task.kind]}</span>
                        </Link>
                      </li>
                    ))}
                  </ul>
                </section>
              )}
            </>
          );
        }}
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

/** The pages of one project: their navigation, and the one that the address names. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import { call } from "../../api/client.js";
import { Link } from "../../router.js";
import { useSession } from "../../session.js";
import { useStrings } from "../../strings/index.js";
import { useLoaded } from "../../ui/async.js";
import { Empty, Loading, ProblemState } from "../../ui/states.js";
import { useDesk } from "../strings/index.js";
import { AgreementPage } from "./agreement.js";
import { ProjectContext, type ProjectState } from "./context.js";
import { DisagreementsPage } from "./disagreements.js";
import { GuidelinesPage } from "./guidelines.js";
import { ItemPage } from "./item.js";
import { ItemsPage } from "./items.js";
import { MessagesPage } from "./messages.js";
import { OverviewPage } from "./overview.js";
import { PeoplePage } from "./people.js";
import { RaterPage } from "./rater.js";
import { RatersPage } from "./raters.js";
import { ResultsPage } from "./results.js";
import { ReviewPage } from "./review.js";
import { SettingsPage } from "./settings.js";

const TABS = [
  "overview",
  "guidelines",
  "items",
  "people",
  "agreement",
  "raters",
  "disagreements",
  "review",
  "messages",
  "results",
  "settings",
] as const;
type Tab = (typeof TABS)[number];
/** Pages that reviewers do not have. */
const LEADS_ONLY: readonly Tab[] = ["people", "settings"];

export function ProjectPages(props: { id: string; page: string; detail: string | undefined }) {
  const { id, page, detail } = props;
  const { account } = useSession();
  const { data, problem, reload } = useLoaded(() => call("getProject", { params: { project: id } }), [id]);
  const state = useMemo<ProjectState | undefined>(
    () => data && { project: data, leads: account?.role !== "reviewer", changed: reload },
    [data, account?.role, reload],
  );
  if (problem) return <ProblemState problem={problem} retry={reload} />;
  if (state === undefined) return <Loading />;
  return (
    <ProjectContext.Provider value={state}>
      <div class="project">
        <Navigation state={state} page={page} />
        <main class="desk-page project-main">
          <Page page={page} detail={detail} leads={state.leads} />
        </main>
      </div>
    </ProjectContext.Provider>
  );
}

function Navigation({ state: { project, leads }, page }: { state: ProjectState; page: string }) {
  const { tabs, messages, common } = useDesk();
  const { home } = useStrings();
  // What raters wrote and nobody read is said beside the page's name.
  const { data } = useLoaded(
    () => call("listConversations", { params: { project: project.id } }),
    [project.id, page],
  );
  const unread = data?.conversations.reduce((sum, one) => sum + one.unread, 0) ?? 0;
  const list = useRef<HTMLUListElement>(null);
  // On a phone the list is one scrolling line; bring the current entry into view.
  useEffect(() => {
    const here = list.current?.querySelector<HTMLElement>("[aria-current]");
    if (here && list.current) list.current.scrollLeft = here.offsetLeft - 80;
  }, [page]);
  return (
    <nav class="project-nav" aria-label={common.pages}>
      <p class="project-name" dir="auto">
        {project.name}
      </p>
      <p class="quiet project-kind">
        {home.kinds[project.task.kind]} · {home.states[project.state]}
      </p>
      <ul ref={list}>
        {TABS.filter((tab) => leads || !LEADS_ONLY.includes(tab)).map((tab) => (
          <li key={tab}>
            <Link href={`/desk/${project.id}/${tab}`} aria-current={tab === page ? "page" : undefined}>
              {tabs[tab]}
              {tab === "messages" && unread > 0 && (
                <span class="tag tag-held nav-new">{messages.new(String(unread))}</span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Page({ page, detail, leads }: { page: string; detail: string | undefined; leads: boolean }) {
  const { common } = useDesk();
  const { problem } = useStrings();
  if (!leads && LEADS_ONLY.includes(page as Tab)) return <Empty title={common.forbidden} />;
  switch (page as Tab) {
    case "overview":
      return <OverviewPage />;
    case "guidelines":
      return <GuidelinesPage />;
    case "items":
      return detail === undefined ? <ItemsPage /> : <ItemPage key={detail} id={detail} />;
    case "people":
      return <PeoplePage />;
    case "agreement":
      return <AgreementPage />;
    case "raters":
      return detail === undefined ? <RatersPage /> : <RaterPage key={detail} rater={detail} />;
    case "disagreements":
      return <DisagreementsPage />;
    case "review":
      return <ReviewPage />;
    case "messages":
      return <MessagesPage />;
    case "results":
      return <ResultsPage />;
    case "settings":
      return <SettingsPage />;
    default:
      return <Empty title={problem.missing} />;
  }
}

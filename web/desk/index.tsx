/** The lead's pages: the desk's own at /desk/..., a project's at /desk/<project>/... */
import "../style/messages.css";
import "../style/rater.css";
import "../style/foreign-text.css";
import "../style/rater-sizes.css";
import "./style/desk.css";
import "./style/import.css";
import "./style/lead.css";
import { useEffect, useState } from "preact/hooks";
import { usePreferences } from "../preferences-context.js";
import { Link, matched, usePath } from "../router.js";
import { useSession } from "../session.js";
import { Empty, Loading } from "../ui/states.js";
import { TopBar } from "../ui/top-bar.js";
import { ProjectPages } from "./project/index.js";
import { AccountPage } from "./site/account.js";
import { AccountsPage } from "./site/accounts.js";
import { AuditPage } from "./site/audit.js";
import { NewProjectPage } from "./site/new-project.js";
import { ProjectsPage } from "./site/projects.js";
import { type DeskStrings, DeskStringsContext, loadDeskStrings, useDesk } from "./strings/index.js";

export function Desk() {
  const { language } = usePreferences().preferences;
  const [strings, setStrings] = useState<DeskStrings>();
  useEffect(() => {
    loadDeskStrings(language).then(setStrings, () => loadDeskStrings("en").then(setStrings));
  }, [language]);
  if (strings === undefined) return <Loading />;
  return (
    <DeskStringsContext.Provider value={strings}>
      <DeskPages />
    </DeskStringsContext.Provider>
  );
}

function DeskPages() {
  const { common } = useDesk();
  const { account } = useSession();
  const path = usePath();
  const { project = "", page, detail } = matched("/desk/:project?/:page?/:detail?", path) ?? {};
  const admin = account?.role === "admin";
  const links = [
    { href: "/desk", name: common.projects, here: project === "" || project === "new" },
    ...(admin
      ? [
          { href: "/desk/accounts", name: common.accounts, here: project === "accounts" },
          { href: "/desk/audit", name: common.audit, here: project === "audit" },
        ]
      : []),
    { href: "/desk/account", name: common.account, here: project === "account" },
  ];
  return (
    <>
      <TopBar title={common.desk}>
        <nav class="bar-links" aria-label={common.desk}>
          {links.map(({ href, name, here }) => (
            <Link key={href} class="bar-link" href={href} aria-current={here ? "page" : undefined}>
              {name}
            </Link>
          ))}
        </nav>
      </TopBar>
      {account?.role === "rater" && project !== "account" ? (
        <Empty title={common.forbidden} />
      ) : project.startsWith("p-") ? (
        <ProjectPages key={project} id={project} page={page ?? "overview"} detail={detail} />
      ) : (
        <main class="page desk-page">
          {project === "" && <ProjectsPage />}
          {project === "new" && <NewProjectPage />}
          {project === "accounts" && <AccountsPage />}
          {project === "audit" && <AuditPage />}
          {project === "account" && <AccountPage />}
        </main>
      )}
    </>
  );
}

import { useEffect } from "preact/hooks";
import { call } from "../api/client.js";
import { useSession } from "../session.js";
import { useStrings } from "../strings/index.js";
import "../style/messages.css";
import "../style/rater.css";
import "../style/foreign-text.css";
import "../style/rater-sizes.css";
import { useLoaded } from "../ui/async.js";
import { Button } from "../ui/button.js";
import { Empty, Loading, ProblemState } from "../ui/states.js";
import { TopBar } from "../ui/top-bar.js";
import { removeOldDrafts } from "./drafts.js";
import { useOneTab } from "./one-tab.js";
import { WorkPage } from "./work-page.js";

/** A rater's page of one project. */
export function Rater({ project }: { project: string }) {
  const { rate, product } = useStrings();
  const { account } = useSession();
  const rater = account?.rater ?? "";
  const { data, problem, reload } = useLoaded(
    () => call("getProject", { params: { project } }),
    [project, rater],
  );
  const { mine, take } = useOneTab(`plumb-rate-${project}-${rater}`);
  useEffect(removeOldDrafts, []);
  useEffect(() => {
    if (data) document.title = data.name;
  }, [data]);
  if (data && mine) return <WorkPage key={`${project} ${rater}`} project={data} rater={rater} />;
  return (
    <>
      <TopBar title={data?.name ?? product} />
      <main class="page">
        {problem ? (
          <ProblemState problem={problem} retry={reload} />
        ) : mine === false ? (
          <Empty title={rate.otherTab}>
            <p>{rate.otherTabHint}</p>
            <Button look="primary" onClick={take}>
              {rate.workHere}
            </Button>
          </Empty>
        ) : (
          <Loading />
        )}
      </main>
    </>
  );
}

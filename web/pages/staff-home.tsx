import { useEffect } from "preact/hooks";
import { call } from "../api/client.js";
import { navigate } from "../router.js";
import { useLoaded } from "../ui/async.js";
import { Loading, ProblemState } from "../ui/states.js";

/** Sends leads, reviewers and admins on to the desk: to the overview of their project where they have one alone. */
export function StaffHome() {
  const { data, problem, reload } = useLoaded(() => call("listProjects", {}), []);
  useEffect(() => {
    if (data === undefined) return;
    const led = data.projects.filter(({ settings }) => settings !== undefined);
    navigate(led.length === 1 ? `/desk/${led[0].id}/overview` : "/desk", { replace: true });
  }, [data]);
  return problem ? <ProblemState problem={problem} retry={reload} /> : <Loading />;
}

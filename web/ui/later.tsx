import { type ComponentType, h } from "preact";
import { unreachable } from "../api/problem.js";
import { useLoaded } from "./async.js";
import { Loading, ProblemState } from "./states.js";

/** A part of the site that is loaded when it is needed. */
export function Later<P extends object>({ load, given }: { load(): Promise<ComponentType<P>>; given: P }) {
  const part = useLoaded(
    () =>
      load().then(
        (component) => ({ component }),
        (error: unknown) => Promise.reject(unreachable(error)),
      ),
    [load],
  );
  if (part.data) return h(part.data.component, given);
  return part.problem ? <ProblemState problem={part.problem} retry={part.reload} /> : <Loading />;
}

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type ApiProblem, asProblem } from "../api/problem.js";

export interface Loaded<T> {
  data: T | undefined;
  problem: ApiProblem | undefined;
  /** Loads again; the old data stays until then. */
  reload(): void;
}

/** The answer to a request, loaded again when one of `inputs` changes; outdated answers are dropped. */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data?: T; problem?: ApiProblem }>({});
  const turn = useRef(0);
  const reload = useCallback(() => {
    const own = ++turn.current;
    load().then(
      (data) => own === turn.current && setState({ data }),
      (error: unknown) =>
        own === turn.current && setState((before) => ({ ...before, problem: asProblem(error) })),
    );
  }, inputs);
  useEffect(() => {
    setState({});
    reload();
    return () => {
      turn.current++;
    };
  }, [reload]);
  return { data: state.data, problem: state.problem, reload };
}

import { useState } from "preact/hooks";
import { type ApiProblem, asProblem } from "../../api/problem.js";

/** Runs an action, one call at a time, and keeps the problem if it fails. */
export function useAction<A extends unknown[]>(work: (...given: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const run = (...given: A) => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    work(...given)
      .catch((error: unknown) => setProblem(asProblem(error)))
      .finally(() => setBusy(false));
  };
  return { busy, problem, run, clear: () => setProblem(undefined) };
}

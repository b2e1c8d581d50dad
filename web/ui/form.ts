import { useState } from "preact/hooks";
import { type ApiProblem, asProblem } from "../api/problem.js";

/** Submits a form, one call at a time, and keeps the problem if it fails. */
export function useForm(work: (values: Record<string, string>) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    const values = Object.fromEntries(
      [...new FormData(event.currentTarget as HTMLFormElement)].map(([key, value]) => [key, String(value)]),
    );
    setBusy(true);
    setProblem(undefined);
    work(values)
      .catch((error: unknown) => setProblem(asProblem(error)))
      .finally(() => setBusy(false));
  };
  return { busy, problem, submit };
}

/** What a page shows while there is nothing, or after something went wrong. */
import type { ComponentChildren } from "preact";
import type { ApiProblem } from "../api/problem.js";
import { useStrings } from "../strings/index.js";
import { Button } from "./button.js";

export function Loading() {
  const strings = useStrings();
  return (
    <p class="state" role="status">
      <span class="spinner" aria-hidden="true" /> {strings.loading}
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}

/** A problem in plain words, with what to do. */
export function ProblemState({ problem, retry }: { problem: ApiProblem; retry?: () => void }) {
  const strings = useStrings();
  const { offline, offlineHint, missing, missingText, title, request, said } = strings.problem;
  const [head, text] =
    problem.status === 0
      ? [offline, offlineHint]
      : problem.status === 404
        ? [missing, missingText]
        : [title, `${said(problem.message)} ${said(problem.details.hint ?? "")}`];
  return (
    <div class="state" role="alert">
      <p class="state-title">{head}</p>
      <p>{text}</p>
      {problem.status >= 500 && problem.details.request && (
        <p class="quiet">{request(problem.details.request)}</p>
      )}
      {retry && <Button onClick={retry}>{strings.retry}</Button>}
    </div>
  );
}

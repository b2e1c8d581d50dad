import type { ApiProblem } from "../api/problem.js";
import { useStrings } from "../strings/index.js";

/** Why a form was refused. The element is always present, so that screen readers announce what appears in it. */
export function FormProblem({ problem, hint }: { problem: ApiProblem | undefined; hint?: string }) {
  const { offline, offlineHint, said } = useStrings().problem;
  return (
    <div role="alert">
      {problem && (
        <p class="notice notice-bad">
          {problem.status === 0
            ? `${offline} ${offlineHint}`
            : `${said(problem.message)} ${hint ?? said(problem.details.hint ?? "")}`}
        </p>
      )}
    </div>
  );
}

import { useStrings } from "../strings/index.js";
import { Button } from "../ui/button.js";
import { Empty, Loading, ProblemState } from "../ui/states.js";
import type { Work } from "./work.js";

/** Why there is no item, and what to do. */
export function NothingState({ work }: { work: Work }) {
  const { rate } = useStrings();
  const { nothing, outbox } = work;
  const look = <Button onClick={() => work.online()}>{rate.look}</Button>;
  if (nothing.why === "none")
    return (
      <Empty title={rate.none[nothing.reason]}>
        <p>{nothing.reason.endsWith("quota") ? rate.quotaHint : rate.noneHint}</p>
        {look}
      </Empty>
    );
  if (nothing.why === "problem") {
    const { status } = nothing.problem;
    if (status === 409)
      return (
        <Empty title={rate.closed}>
          <p>{rate.closedHint}</p>
          {look}
        </Empty>
      );
    if (status === 403 || status === 404) return <Empty title={rate.notMember} />;
    if (status === 401) return <Loading />;
    return <ProblemState problem={nothing.problem} retry={() => work.online()} />;
  }
  if (outbox.problem !== undefined && !outbox.problem.signedOut)
    return <Empty title={rate.waitingItems}>{look}</Empty>;
  return <Loading />;
}

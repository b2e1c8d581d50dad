/** Pauses, excludes and reactivates a rater; shows what an exclusion would change before it happens. */
import { useState } from "preact/hooks";
import { call } from "../../api/client.js";
import { Button } from "../../ui/button.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { Confirm } from "../ui/confirm.js";
import { useProject } from "./context.js";
import { Effect } from "./effect.js";

type Turn = "pause" | "exclude" | "goOn";
const STATE = { pause: "paused", exclude: "excluded", goOn: "active" } as const;

export function StopButtons(props: { rater: string; state: string; name: string; done(): void }) {
  const { rater, state, name, done } = props;
  const { stop } = useDesk();
  const { project } = useProject();
  const [turn, setTurn] = useState<Turn>();
  const say = useToast();
  const stopped = state === "paused" || state === "excluded";
  if (state === "left") return null;
  return (
    <>
      {stopped && <Button onClick={() => setTurn("goOn")}>{stop.goOn}</Button>}
      {state === "active" && (
        <Button look="quiet" onClick={() => setTurn("pause")}>
          {stop.pause}
        </Button>
      )}
      {state !== "excluded" && (
        <Button look="quiet" onClick={() => setTurn("exclude")}>
          {stop.exclude}
        </Button>
      )}
      {turn && (
        <Confirm
          title={stop[`${turn}Title`](name)}
          action={stop[turn]}
          danger={turn === "exclude"}
          reason={turn === "goOn" ? "none" : "required"}
          close={() => setTurn(undefined)}
          work={async (reason) => {
            const state = STATE[turn];
            const body = { state, ...(reason !== "" && { reason }) };
            await call("setMemberState", { params: { project: project.id, rater }, body });
            say(stop[state]);
            done();
          }}
        >
          <p>{stop[`${turn}Text`]}</p>
          {turn === "exclude" && (
            <Effect
              load={() => call("previewExclusion", { params: { project: project.id, rater } })}
              inputs={[rater]}
            />
          )}
        </Confirm>
      )}
    </>
  );
}

/** Estimates raters' reliabilities from the votes, by which early stopping weighs what they say from then on. */
import { call } from "../../api/client.js";
import { Button } from "../../ui/button.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { useFormat } from "../ui/format.js";
import { useProject } from "./context.js";

/** For leads of projects that stop early; nothing elsewhere, where no vote is weighed. */
export function WeighRaters() {
  const { raters: words } = useDesk();
  const { project, leads } = useProject();
  const format = useFormat();
  const say = useToast();
  const weigh = useAction(async () => {
    const { reliabilities } = await call("weighRaters", { params: { project: project.id } });
    say(words.weighed(format.count(reliabilities.length)));
  });
  if (!leads || project.settings?.stop === undefined) return null;
  return (
    <section class="stack-small" aria-label={words.weigh}>
      <p class="quiet">{words.weighHint}</p>
      <FormProblem problem={weigh.problem} />
      <div class="row">
        <Button disabled={weigh.busy} onClick={() => weigh.run()}>
          {words.weigh}
        </Button>
      </div>
    </section>
  );
}

import { type RouteName, send } from "../../api/client.js";
import { Button } from "../../ui/button.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { useFormat } from "../ui/format.js";
import { saveFile } from "../ui/save-file.js";
import { noteSaved } from "./checklist.js";
import { useProject } from "./context.js";

type Kind = "votes" | "training";

/** Files to save: every vote, and the aggregated rows. */
export function Downloads({ aspect, held }: { aspect: string; held: "count" | "leave-out" }) {
  const { results: words } = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const say = useToast();
  const { busy, problem, run } = useAction(async (what: Kind) => {
    const route: RouteName = what === "votes" ? "exportVotes" : "exportTrainingRows";
    const query = what === "votes" ? {} : { aspect, held };
    const answer = await send(route, { params: { project: project.id }, query } as never);
    const text = await answer.text();
    const rows = text.split("\n").length - 1;
    if (rows === 0) return say(words.nothing);
    const name = project.name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60);
    saveFile(`${name}-${what}.jsonl`, new Blob([text], { type: "application/x-ndjson" }));
    noteSaved(project.id);
    say(words.saved(format.count(rows)));
  });
  const training = {
    pairwise: [words.trlFile, words.trlText],
    ranking: [words.trlFile, words.trlText],
    demonstration: [words.sftFile, words.sftText],
    rewrite: [words.sftFile, words.sftText],
    safety: [words.labelFile, words.labelText],
    likert: undefined,
  }[project.task.kind];
  const files: [Kind, string, string][] = [
    ...(training ? [["training", training[0], training[1]] as [Kind, string, string]] : []),
    ["votes", words.votesFile, words.votesText],
  ];
  return (
    <section class="card stack">
      <h2>{words.downloads}</h2>
      <ul class="lines">
        {files.map(([what, title, text]) => (
          <li key={what} class="row">
            <span class="download-text">
              <strong>{title}</strong>
              <span class="quiet">{text} JSONL.</span>
            </span>
            <Button disabled={busy} onClick={() => run(what)} aria-label={`${words.download}: ${title}`}>
              {words.download}
            </Button>
          </li>
        ))}
      </ul>
      <FormProblem problem={problem} />
    </section>
  );
}

import { useState } from "preact/hooks";
import { call } from "../../../api/client.js";
import { useStrings } from "../../../strings/index.js";
import { useLoaded } from "../../../ui/async.js";
import { Button } from "../../../ui/button.js";
import { Dialog } from "../../../ui/dialog.js";
import { FormProblem } from "../../../ui/form-problem.js";
import { useDesk } from "../../strings/index.js";
import { useAction } from "../../ui/action.js";
import { useFormat } from "../../ui/format.js";
import { TextArea } from "../../ui/text-area.js";
import { useDone } from "../../ui/undo.js";
import { answerText, type StandingVote } from "../answer-text.js";
import { useProject } from "../context.js";
import { type Item, useResponseNames } from "../item-view.js";
import { type Answer, emptyAnswer, isWhole, VerdictForm } from "./verdict-form.js";

/** Takes a lead's answer to an item: as its result, or as the known answer of a gold item. */
export function DecideDialog(props: { as: "decide" | "gold"; item: Item; close(): void; reload(): void }) {
  const { as, item, close, reload } = props;
  const { verbs } = useDesk();
  const { cancel } = useStrings();
  const { project } = useProject();
  const done = useDone();
  const { length } = item.content.responses;
  const names = useResponseNames(length);
  const [answer, setAnswer] = useState<Answer | undefined>(
    () => item.adjudication?.answer ?? emptyAnswer(project.task, length),
  );
  const [note, setNote] = useState(item.adjudication?.note ?? "");
  const params = { project: project.id, item: item.id };
  const { busy, problem, run } = useAction(async () => {
    if (answer === undefined) return;
    if (as === "gold") {
      await call("makeGold", { params, body: { answer } });
      done(verbs.gilded, () => call("unmakeGold", { params }), reload);
    } else {
      const before = item.adjudication;
      await call("adjudicateItem", {
        params,
        body: { answer, ...(note.trim() !== "" && { note: note.trim() }) },
      });
      const undo = () =>
        before === undefined
          ? call("withdrawAdjudication", { params })
          : call("adjudicateItem", {
              params,
              body: { answer: before.answer, ...(before.note !== undefined && { note: before.note }) },
            });
      done(verbs.decided, undo, reload);
    }
    reload();
    close();
  });
  return (
    <Dialog title={as === "gold" ? verbs.goldTitle : verbs.decideTitle} wide close={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <Tally item={item} names={names} />
        <VerdictForm task={project.task} names={names} answer={answer} change={setAnswer} />
        {as === "decide" && (
          <TextArea
            label={verbs.why}
            hint={verbs.whyHint}
            value={note}
            change={setNote}
            maxLength={2000}
            rows={2}
          />
        )}
        <p class="notice">{as === "gold" ? verbs.goldEffect : verbs.decideEffect}</p>
        <FormProblem problem={problem} />
        <div class="row row-end">
          <Button onClick={close}>{cancel}</Button>
          <Button type="submit" look="primary" disabled={busy || !isWhole(project.task, answer, length)}>
            {as === "gold" ? verbs.gold : verbs.decide}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** How many votes say what, so that the decision is not made blind. */
function Tally({ item, names }: { item: Item; names: readonly string[] }) {
  const desk = useDesk();
  const { project } = useProject();
  const format = useFormat();
  const params = { project: project.id, item: item.id };
  const { data } = useLoaded(() => call("listItemVotes", { params }), [item.id]);
  const tally = new Map<string, number>();
  for (const vote of data?.votes ?? []) {
    const said = answerText(plain(vote), names, project.task, desk);
    tally.set(said, (tally.get(said) ?? 0) + 1);
  }
  return (
    <section class="stack-small">
      <h3>{desk.verbs.now}</h3>
      {data && tally.size === 0 && <p class="quiet">{desk.items.noVotes}</p>}
      <ul class="row said-list">
        {[...tally]
          .sort(([, a], [, b]) => b - a)
          .map(([said, n]) => (
            <li key={said} class="said">
              {said} <strong>× {format.count(n)}</strong>
            </li>
          ))}
      </ul>
    </section>
  );
}

/** A vote's answer without its strength and flags. */
function plain({ answer }: StandingVote): StandingVote["answer"] {
  if (answer.kind !== "pairwise") return { ...answer, flags: [] };
  const aspects = Object.fromEntries(
    Object.entries(answer.aspects).map(([aspect, { verdict }]) => [aspect, { verdict }]),
  );
  return { ...answer, aspects, flags: [] };
}

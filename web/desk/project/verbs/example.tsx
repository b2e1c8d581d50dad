import { useState } from "preact/hooks";
import { call } from "../../../api/client.js";
import { Text } from "../../../rater/markdown/text.js";
import { useStrings } from "../../../strings/index.js";
import { asksForText } from "../../../task-kinds.js";
import { Button } from "../../../ui/button.js";
import { Dialog } from "../../../ui/dialog.js";
import { FormProblem } from "../../../ui/form-problem.js";
import { useDesk } from "../../strings/index.js";
import { useAction } from "../../ui/action.js";
import { TextArea } from "../../ui/text-area.js";
import { useDone } from "../../ui/undo.js";
import { answerText } from "../answer-text.js";
import { useProject } from "../context.js";
import { type Item, useResponseNames } from "../item-view.js";
import { exampleText, withExample } from "./example-text.js";
import { type Answer, emptyAnswer, isWhole, VerdictForm } from "./verdict-form.js";

/** Adds an item to the end of the guidelines as an example, as a new version. */
export function ExampleDialog(props: { item: Item; close(): void; reload(): void }) {
  const { item, close, reload } = props;
  const desk = useDesk();
  const { verbs } = desk;
  const { cancel } = useStrings();
  const { project, changed } = useProject();
  const done = useDone();
  const { task } = project;
  const { responses } = item.content;
  const names = useResponseNames(responses.length);
  const [answer, setAnswer] = useState<Answer | undefined>(
    () => item.gold ?? item.adjudication?.answer ?? emptyAnswer(task, responses.length),
  );
  const [why, setWhy] = useState(item.adjudication?.note ?? item.explanation ?? "");
  const decidable = !asksForText(task);
  const said = answer !== undefined && decidable ? answerText(answer, names, task, desk) : verbs.example;
  const example = exampleText(item.content, { title: verbs.exampleHead, names, said, why: why.trim() });
  const params = { project: project.id };
  const { busy, problem, run } = useAction(async () => {
    const { guidelines } = await call("listGuidelines", { params });
    const { text, version: after } = guidelines[0];
    const { version } = await call("publishGuidelines", {
      params,
      body: { text: withExample(text, example), after },
    });
    const undo = () => call("publishGuidelines", { params, body: { text, after: version } });
    done(verbs.exampleAdded(version), undo, changed);
    changed();
    reload();
    close();
  });
  return (
    <Dialog title={verbs.exampleTitle} wide close={close}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        {decidable && <VerdictForm task={task} names={names} answer={answer} change={setAnswer} />}
        <TextArea label={verbs.why} value={why} change={setWhy} maxLength={2000} rows={2} />
        <section class="stack-small">
          <h3>{desk.guidelines.preview}</h3>
          <div class="card">
            <Text text={example} />
          </div>
        </section>
        <p class="notice">{verbs.exampleEffect(project.guidelinesVersion + 1)}</p>
        <FormProblem problem={problem} />
        <div class="row row-end">
          <Button onClick={close}>{cancel}</Button>
          <Button
            type="submit"
            look="primary"
            disabled={busy || why.trim() === "" || (decidable && !isWhole(task, answer, responses.length))}
          >
            {verbs.example}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

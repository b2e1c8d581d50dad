import schemas from "virtual:schemas";
import { useState } from "preact/hooks";
import { call } from "../../api/client.js";
import { navigate } from "../../router.js";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field } from "../../ui/field.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { Heading } from "../ui/page.js";
import { SchemaForm, type Values } from "../ui/schema-form.js";
import { useProject } from "./context.js";

export function SettingsPage() {
  const { settings: words, tabs, fields } = useDesk();
  const { home } = useStrings();
  const { project, changed } = useProject();
  const [values, setValues] = useState<Values>({ ...project.settings });
  const [deleting, setDeleting] = useState(false);
  const say = useToast();
  const { busy, problem, run } = useAction(async () => {
    await call("changeProject", { params: { project: project.id }, body: { settings: withLifted(values) } });
    say(words.saved);
    changed();
  });
  const { kind, ...task } = project.task;
  return (
    <>
      <Heading title={tabs.settings} lead={words.lead} />
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <h2>{words.assignment}</h2>
        <SchemaForm schema={schemas.settings} values={values} change={setValues} />
        <p class="quiet">{words.overlapNote}</p>
        <FormProblem problem={problem} />
        <div class="row">
          <Button type="submit" look="primary" disabled={busy}>
            {words.save}
          </Button>
        </div>
      </form>
      <section class="card stack">
        <h2>{words.task}</h2>
        <p class="quiet">{words.taskText}</p>
        <dl class="pairs">
          <dt>{fields.names.kind}</dt>
          <dd>{home.kinds[kind]}</dd>
          {Object.entries(task).map(([name, value]) => (
            <TaskField key={name} name={name} value={value} />
          ))}
        </dl>
      </section>
      <div class="row">
        <Button look="danger" onClick={() => setDeleting(true)}>
          {words.delete}
        </Button>
      </div>
      {deleting && <DeleteDialog close={() => setDeleting(false)} />}
    </>
  );
}

/** The values to send: what was emptied, or switched off, is null. */
function withLifted(values: Values): Values {
  const lifted = Object.entries(schemas.settings.properties ?? {})
    .filter(([name, field]) => field.default === undefined && values[name] === undefined)
    .map(([name]) => [name, null]);
  return { ...values, ...Object.fromEntries(lifted) };
}

function TaskField({ name, value }: { name: string; value: unknown }) {
  const { common, fields } = useDesk();
  const shown =
    typeof value === "boolean"
      ? value
        ? common.yes
        : common.no
      : Array.isArray(value)
        ? value.join(", ")
        : (fields.options[String(value)] ?? String(value));
  return (
    <>
      <dt>{fields.names[name] ?? name}</dt>
      <dd>{shown}</dd>
    </>
  );
}

/** Deletes the project once its name is typed. */
function DeleteDialog({ close }: { close(): void }) {
  const { settings: words } = useDesk();
  const { cancel } = useStrings();
  const { project } = useProject();
  const [typed, setTyped] = useState("");
  const say = useToast();
  const { busy, problem, run } = useAction(async () => {
    await call("deleteProject", { params: { project: project.id } });
    say(words.deleted);
    navigate("/desk", { replace: true });
  });
  return (
    <Dialog title={words.deleteTitle} close={close}>
      <p>{words.deleteText}</p>
      <Field
        label={words.deleteConfirm(project.name)}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <FormProblem problem={problem} />
      <div class="row row-end">
        <Button onClick={close}>{cancel}</Button>
        <Button look="danger" disabled={busy || typed.trim() !== project.name.trim()} onClick={() => run()}>
          {words.delete}
        </Button>
      </div>
    </Dialog>
  );
}

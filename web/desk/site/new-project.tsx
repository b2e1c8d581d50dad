import schemas from "virtual:schemas";
import { useState } from "preact/hooks";
import { call } from "../../api/client.js";
import { usePreferences } from "../../preferences-context.js";
import { navigate } from "../../router.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Field } from "../../ui/field.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { loadTemplates, type Preset } from "../templates/index.js";
import { useAction } from "../ui/action.js";
import { Heading } from "../ui/page.js";
import { defaultsOf, SchemaForm, type Values } from "../ui/schema-form.js";
import { TextArea } from "../ui/text-area.js";

/** Presets of the usual tasks; everything else is the schema's default. */
const PRESETS = {
  pairwise: { kind: "pairwise" },
  aspects: { kind: "pairwise", aspects: ["helpful", "harmless"] },
  ranking: { kind: "ranking" },
  likert: { kind: "likert", aspects: ["helpful", "harmless", "honest"] },
  demonstration: { kind: "demonstration", rationale: "off", flags: false },
  rewrite: { kind: "rewrite", flags: false },
  safety: { kind: "safety", flags: false },
} as const satisfies Record<Preset, Values>;
const PRESET_NAMES = Object.keys(PRESETS) as Preset[];
/** Fields of a task that only some kinds have. */
const OF_KINDS: Readonly<Record<string, readonly string[]>> = {
  aspects: ["pairwise", "likert"],
  strengths: ["pairwise"],
  scale: ["likert"],
  flags: ["pairwise", "ranking", "likert", "rewrite", "safety"],
};

const taskOf = (preset: Preset): Values => ({ ...defaultsOf(schemas.task), ...PRESETS[preset] });

export function NewProjectPage() {
  const { newProject, begin, common } = useDesk();
  const [preset, setPreset] = useState<Preset>("pairwise");
  const [task, setTask] = useState(taskOf("pairwise"));
  const [settings, setSettings] = useState(defaultsOf(schemas.settings));
  const [name, setName] = useState("");
  const { language } = usePreferences().preferences;
  const { data: templates } = useLoaded(() => loadTemplates(language), [language]);
  // Until somebody writes, the text is the template of the task that is chosen.
  const [written, setWritten] = useState<string>();
  const guidelines = written ?? templates?.[preset] ?? "";
  const say = useToast();
  const { busy, problem, run } = useAction(async () => {
    const body = { name, guidelines, task, settings };
    const made = await call("createProject", { body: body as never });
    say(newProject.made);
    navigate(`/desk/${made.id}/overview`, { replace: true });
  });
  const kind = String(task.kind);
  const without = ["kind", ...Object.keys(OF_KINDS).filter((field) => !OF_KINDS[field].includes(kind))];
  return (
    <>
      <Heading title={newProject.title} />
      <form
        class="stack form-wide"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <fieldset class="presets">
          <legend>{newProject.preset}</legend>
          {PRESET_NAMES.map((option) => (
            <label key={option} class="preset">
              <input
                type="radio"
                name="preset"
                checked={option === preset}
                onChange={() => {
                  setPreset(option);
                  setTask(taskOf(option));
                }}
              />
              <span class="preset-text">
                <strong>{newProject.presets[option]}</strong>
                <span class="quiet">{newProject.presetTexts[option]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <section class="card stack">
          <h2>{newProject.basics}</h2>
          <Field
            label={common.name}
            hint={newProject.nameHint}
            required
            maxLength={200}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <TextArea
            label={newProject.guidelines}
            hint={`${begin.templateHint} ${newProject.guidelinesHint}`}
            value={guidelines}
            change={setWritten}
            rows={12}
            maxLength={200_000}
          />
        </section>
        <section class="card stack">
          <h2>{newProject.task}</h2>
          <p class="quiet">{newProject.taskHint}</p>
          <SchemaForm key={preset} schema={schemas.task} values={task} change={setTask} without={without} />
        </section>
        <section class="card stack">
          <h2>{newProject.assignment}</h2>
          <p class="quiet">{newProject.assignmentHint}</p>
          <SchemaForm schema={schemas.settings} values={settings} change={setSettings} />
        </section>
        <FormProblem problem={problem} />
        <div class="row">
          <Button look="primary" type="submit" disabled={busy}>
            {newProject.submit}
          </Button>
        </div>
      </form>
    </>
  );
}

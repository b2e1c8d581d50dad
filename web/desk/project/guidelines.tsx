import { useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { asProblem } from "../../api/problem.js";
import { usePreferences } from "../../preferences-context.js";
import { Text } from "../../rater/markdown/text.js";
import { store, stored } from "../../storage.js";
import { useLoaded } from "../../ui/async.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { FormProblem } from "../../ui/form-problem.js";
import { Empty } from "../../ui/states.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { loadTemplates, presetOf } from "../templates/index.js";
import { useAction } from "../ui/action.js";
import { Confirm } from "../ui/confirm.js";
import { useFormat } from "../ui/format.js";
import { Await, Heading } from "../ui/page.js";
import { TextArea } from "../ui/text-area.js";
import { useProject } from "./context.js";
import { DiffView } from "./diff-view.js";

type Version = ResultOf<"listGuidelines">["guidelines"][number];
/** An unpublished text, as the browser stores it. */
interface Draft {
  text: string;
  /** The version that it is based on. */
  after: number;
}

export function GuidelinesPage() {
  const { guidelines: words, tabs } = useDesk();
  const { project, leads } = useProject();
  const loaded = useLoaded(() => call("listGuidelines", { params: { project: project.id } }), [project.id]);
  return (
    <>
      <Heading title={tabs.guidelines} lead={words.lead} />
      <Await loaded={loaded}>
        {({ guidelines }) => (
          <>
            {leads ? (
              <Editor versions={guidelines} reload={loaded.reload} />
            ) : (
              <div class="card">
                {guidelines[0].text === "" ? (
                  <Empty title={words.none} />
                ) : (
                  <Text text={guidelines[0].text} />
                )}
              </div>
            )}
            <Versions versions={guidelines} />
          </>
        )}
      </Await>
    </>
  );
}

function Editor({ versions, reload }: { versions: readonly Version[]; reload(): void }) {
  const { guidelines: words } = useDesk();
  const { project, changed } = useProject();
  const say = useToast();
  const key = `guidelines-${project.id}`;
  const [newest] = versions;
  const [draft, setDraft] = useState<Draft>(
    () => stored<Draft>(key) ?? { text: newest.text, after: newest.version },
  );
  const [broughtBack] = useState(() => stored<Draft>(key) !== undefined);
  const keep = (next: Draft) => {
    setDraft(next);
    store(key, next.text === textOf(versions, next.after) ? undefined : next);
  };
  const unchanged = draft.text === newest.text;
  const { busy, problem, run } = useAction(async () => {
    try {
      const { version } = await call("publishGuidelines", { params: { project: project.id }, body: draft });
      store(key, undefined);
      setDraft({ ...draft, after: version });
      say(words.published(version));
      changed();
    } catch (error) {
      // Somebody else published first: their text is loaded and shown next to ours.
      if (asProblem(error).status !== 409) throw error;
    }
    reload();
  });
  const overtaken = draft.after < newest.version;
  return (
    <>
      {broughtBack && !overtaken && !unchanged && (
        <p class="notice row">
          <span>{words.draftKept}</span>
          <Button look="quiet" onClick={() => keep({ text: newest.text, after: newest.version })}>
            {words.dropDraft}
          </Button>
        </p>
      )}
      {overtaken && (
        <Overtaken
          began={textOf(versions, draft.after)}
          {...{ draft, newest }}
          takeTheirs={() => keep({ text: newest.text, after: newest.version })}
          goOn={() => keep({ text: draft.text, after: newest.version })}
        />
      )}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <div class="editor">
          <TextArea
            label={words.edit}
            value={draft.text}
            change={(text) => keep({ ...draft, text })}
            rows={18}
            maxLength={200_000}
            mono
          />
          <section class="editor-preview">
            <h2 class="label">{words.preview}</h2>
            <div class="card">
              {draft.text.trim() === "" ? <Empty title={words.none} /> : <Text text={draft.text} />}
            </div>
          </section>
        </div>
        <FormProblem problem={problem} />
        <div class="row">
          <Button type="submit" look="primary" disabled={busy || unchanged || overtaken}>
            {words.publish(newest.version + 1)}
          </Button>
          {unchanged && <span class="quiet">{words.unchanged}</span>}
          <span class="row-gap" />
          <TemplateButton text={draft.text} fill={(text) => keep({ ...draft, text })} />
        </div>
      </form>
    </>
  );
}

/** Puts the template for the project's task into the editor; a text that stands there is not overwritten unasked. */
function TemplateButton({ text, fill }: { text: string; fill(text: string): void }) {
  const { begin } = useDesk();
  const { project } = useProject();
  const { language } = usePreferences().preferences;
  const [asking, setAsking] = useState(false);
  const put = async () => fill((await loadTemplates(language))[presetOf(project.task)]);
  const { busy, run } = useAction(put);
  return (
    <>
      <Button disabled={busy} onClick={() => (text.trim() === "" ? run() : setAsking(true))}>
        {begin.template}
      </Button>
      {asking && (
        <Confirm
          title={begin.templateTitle}
          action={begin.template}
          close={() => setAsking(false)}
          work={put}
        >
          <p>{begin.templateText}</p>
        </Confirm>
      )}
    </>
  );
}

const textOf = (versions: readonly Version[], version: number): string =>
  versions.find((one) => one.version === version)?.text ?? "";

/** What others published meanwhile, and what ours would change in it. */
function Overtaken(props: {
  /** The text that both started from. */
  began: string;
  draft: Draft;
  newest: Version;
  takeTheirs(): void;
  goOn(): void;
}) {
  const { guidelines: words } = useDesk();
  const { began, draft, newest } = props;
  return (
    <section class="notice stack" role="alert">
      <h2>{words.conflictTitle}</h2>
      <p>{words.conflictText(draft.after, newest.version)}</p>
      <h3>{words.theirs}</h3>
      <DiffView before={began} after={newest.text} />
      <h3>{words.yours}</h3>
      <DiffView before={newest.text} after={draft.text} />
      <div class="row">
        <Button onClick={props.goOn}>{words.goOn}</Button>
        <Button onClick={props.takeTheirs}>{words.takeTheirs}</Button>
      </div>
    </section>
  );
}

function Versions({ versions }: { versions: readonly Version[] }) {
  const { guidelines: words } = useDesk();
  const format = useFormat();
  const [shown, setShown] = useState<{ version: Version; how: "text" | "difference" }>();
  const before = (version: Version) => textOf(versions, version.version - 1);
  return (
    <section class="stack">
      <h2>{words.versions}</h2>
      <ul class="lines">
        {versions.map((version) => (
          <li key={version.version} class="row">
            <strong>{words.version(version.version)}</strong>
            <span class="quiet">{format.moment(version.createdAt)}</span>
            {version === versions[0] && <span class="tag">{words.newest}</span>}
            <span class="row-gap" />
            <Button look="quiet" onClick={() => setShown({ version, how: "text" })}>
              {words.show}
            </Button>
            {version.version > 1 && (
              <Button look="quiet" onClick={() => setShown({ version, how: "difference" })}>
                {words.difference}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {shown && (
        <Dialog title={words.version(shown.version.version)} wide close={() => setShown(undefined)}>
          {shown.how === "difference" ? (
            <DiffView before={before(shown.version)} after={shown.version.text} />
          ) : shown.version.text === "" ? (
            <Empty title={words.none} />
          ) : (
            <Text text={shown.version.text} />
          )}
        </Dialog>
      )}
    </section>
  );
}

import { useId, useRef, useState } from "preact/hooks";
import { send } from "../../api/client.js";
import { ApiProblem, asProblem } from "../../api/problem.js";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { FormProblem } from "../../ui/form-problem.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { useFormat } from "../ui/format.js";
import type { CheckedFile, Choices } from "./checked-file.js";
import { useProject } from "./context.js";
import { ImportColumns } from "./import-columns.js";
import { ImportPreview } from "./import-preview.js";
import { ImportProblems } from "./import-problems.js";

/** Most bytes of a file. The server takes 64 MiB of JSON, in which quotes and line breaks need two characters. */
const MAX_BYTES = 60_000_000;

interface Chosen {
  name: string;
  text: string;
  /** What the lead said of columns; undefined until something was said, and the server's memory counts. */
  columns?: Choices;
}

/**
 * Uploads a file, which the server checks as a whole, and shows what each column is taken for, which the lead may change.
 * Only a file without errors and open questions can be added, after a confirmation.
 */
export function UploadDialog({ close, added }: { close(): void; added(): void }) {
  const { upload } = useDesk();
  const { project } = useProject();
  const say = useToast();
  const format = useFormat();
  const [chosen, setChosen] = useState<Chosen>();
  const [checked, setChecked] = useState<CheckedFile>();
  const [looking, setLooking] = useState(false);
  /** Number of the last look: answers to earlier ones are out of date. */
  const last = useRef(0);
  /** A large file takes longer than other requests, so that the answer is waited for. */
  const read = async (body: Chosen & { confirm?: boolean }): Promise<CheckedFile> =>
    (await send("importFile", { params: { project: project.id }, body })).json();
  const look = async (file: Chosen) => {
    const number = ++last.current;
    setChosen(file);
    setLooking(true);
    try {
      const found = await read(file);
      if (number === last.current) setChecked(found);
    } finally {
      if (number === last.current) setLooking(false);
    }
  };
  const check = useAction(async (file: File) => {
    setChecked(undefined);
    setChosen(undefined);
    if (file.size > MAX_BYTES) throw new ApiProblem(413, upload.tooLarge);
    const text = await textOf(file).catch(() => Promise.reject(new ApiProblem(422, upload.notText)));
    await look({ name: file.name, text });
  });
  const [failed, setFailed] = useState<ApiProblem>();
  const change = (columns: Choices) => {
    if (chosen === undefined) return;
    setFailed(undefined);
    look({ ...chosen, columns }).catch((error: unknown) => setFailed(asProblem(error)));
  };
  const add = useAction(async () => {
    if (chosen === undefined) return;
    const done = await read({ ...chosen, confirm: true });
    if (done.added === 0) return setChecked(done);
    say(upload.added(format.count(done.added)));
    added();
    close();
  });
  const ready = checked?.problemCount === 0 && checked.questions.length === 0 && checked.items > 0;
  return (
    <Dialog title={upload.title} wide close={close}>
      {checked === undefined && <p>{upload.text}</p>}
      <div>
        <FileChoice busy={check.busy} choose={check.run} />
        <div role="status">{looking && <p class="quiet">{upload.checking}</p>}</div>
      </div>
      <FormProblem problem={check.problem ?? failed ?? add.problem} />
      {checked && chosen && (
        <>
          <Summary checked={checked} />
          <ImportProblems checked={checked} name={chosen.name} />
          <ImportColumns checked={checked} said={chosen.columns ?? checked.choices} change={change} />
          <ImportPreview items={checked.first} />
          {ready && (
            <div class="row row-end import-end">
              <Button look="primary" disabled={add.busy || looking} onClick={() => add.run()}>
                {upload.confirm(format.count(checked.items))}
              </Button>
            </div>
          )}
        </>
      )}
    </Dialog>
  );
}

/** What the file is, what it holds, and what may not be meant. */
function Summary({ checked }: { checked: CheckedFile }) {
  const { upload } = useDesk();
  const { said } = useStrings().problem;
  const format = useFormat();
  const { source, items, gold, votes, warnings, questions, problemCount } = checked;
  return (
    <div class="stack-small">
      <p>
        {upload.source} <strong>{upload.sources[source] ?? source}</strong>.{" "}
        {items > 0 && upload.found(format.count(items), format.count(gold))}{" "}
        {votes > 0 && upload.votes(format.count(votes))}
      </p>
      {problemCount === 0 && questions.length === 0 && items > 0 && (
        <p class="notice notice-good">{upload.good}</p>
      )}
      {warnings.map((warning) => (
        <p key={warning} class="notice">
          {said(warning)}
        </p>
      ))}
    </div>
  );
}

/** The text of a file in UTF-8, or in UTF-16 with its mark; any other encoding is refused rather than garbled. */
async function textOf(file: File): Promise<string> {
  const bytes = await file.arrayBuffer();
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  const little = first === 0xff && second === 0xfe;
  const encoding = little ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

function FileChoice({ busy, choose }: { busy: boolean; choose(file: File): void }) {
  const { upload } = useDesk();
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{upload.choose}</label>
      <input
        id={id}
        type="file"
        accept=".jsonl,.ndjson,.json,.csv,.tsv"
        disabled={busy}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) choose(file);
        }}
      />
    </div>
  );
}

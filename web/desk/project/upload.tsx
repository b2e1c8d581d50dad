import { useId, useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { ApiProblem } from "../../api/problem.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { FormProblem } from "../../ui/form-problem.js";
import { Table } from "../../ui/table.js";
import { useToast } from "../../ui/toast.js";
import { useDesk } from "../strings/index.js";
import { useAction } from "../ui/action.js";
import { useFormat } from "../ui/format.js";
import { promptText } from "../ui/prose.js";
import { saveFile } from "../ui/save-file.js";
import { useProject } from "./context.js";

type Checked = ResultOf<"importFile">;
/** Most bytes of a file. The server takes 64 MiB of JSON, in which quotes and line breaks need two characters. */
const MAX_BYTES = 60_000_000;

/** A numbered row, for tables whose rows have no key. */
type Numbered<T> = T & { i: number };

interface Chosen {
  name: string;
  text: string;
}

/**
 * Uploads a file, which the server checks as a whole. Only a file without errors can be added, after a confirmation.
 */
export function UploadDialog({ close, added }: { close(): void; added(): void }) {
  const { upload } = useDesk();
  const { project } = useProject();
  const say = useToast();
  const format = useFormat();
  const [chosen, setChosen] = useState<Chosen>();
  const [checked, setChecked] = useState<Checked>();
  const params = { project: project.id };
  const check = useAction(async (file: File) => {
    setChecked(undefined);
    setChosen(undefined);
    if (file.size > MAX_BYTES) throw new ApiProblem(413, upload.tooLarge);
    const text = await file.text().catch(() => Promise.reject(new ApiProblem(422, upload.notText)));
    setChosen({ name: file.name, text });
    setChecked(await call("importFile", { params, body: { name: file.name, text } }));
  });
  const add = useAction(async () => {
    if (chosen === undefined) return;
    const done = await call("importFile", { params, body: { ...chosen, confirm: true } });
    if (done.added === 0) return setChecked(done);
    say(upload.added(format.count(done.added)));
    added();
    close();
  });
  return (
    <Dialog title={upload.title} wide close={close}>
      <p>{upload.text}</p>
      <FileChoice busy={check.busy} choose={check.run} />
      <div role="status">{check.busy && <p>{upload.checking}</p>}</div>
      <FormProblem problem={check.problem ?? add.problem} />
      {checked && chosen && <Report checked={checked} name={chosen.name} />}
      {checked && checked.problemCount === 0 && (
        <div class="row row-end">
          <Button look="primary" disabled={add.busy} onClick={() => add.run()}>
            {upload.confirm(format.count(checked.items))}
          </Button>
        </div>
      )}
    </Dialog>
  );
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

/** The contents of the file, or all its bad rows. */
function Report({ checked, name }: { checked: Checked; name: string }) {
  const { upload, items } = useDesk();
  const format = useFormat();
  const { problems, problemCount } = checked;
  const where = ({ unit, number }: Checked["problems"][number]) =>
    number === undefined ? upload.whole : unit === "row" ? `${upload.row} ${number}` : String(number);
  return (
    <section class="stack">
      <p>
        {upload.source}: <strong>{upload.sources[checked.source] ?? checked.source}</strong>.{" "}
        {upload.found(format.count(checked.items), format.count(checked.gold))}{" "}
        {checked.votes > 0 && upload.votes(format.count(checked.votes))}
      </p>
      {problemCount === 0 ? (
        <>
          <p class="notice notice-good">{upload.good}</p>
          <h3>{upload.sample}</h3>
          <Table<Numbered<{ content: Checked["first"][number] }>>
            caption={upload.sample}
            rows={checked.first.map((content, i) => ({ content, i }))}
            rowKey={({ i }) => String(i)}
            columns={[
              { title: items.prompt, cell: ({ content }) => promptText(content.prompt).slice(0, 200) },
              ...Array.from({ length: checked.first[0]?.responses.length ?? 0 }, (_, k) => ({
                title: items.response(k + 1),
                cell: ({ content }: { content: Checked["first"][number] }) =>
                  content.responses[k]?.text.slice(0, 200) ?? "",
              })),
            ]}
          />
        </>
      ) : (
        <>
          <p class="notice notice-bad" role="alert">
            {upload.bad(format.count(problemCount))}
          </p>
          <div class="row">
            {problemCount > problems.length && <p>{upload.first(format.count(problems.length))}</p>}
            <span class="row-gap" />
            <Button
              look="quiet"
              onClick={() => {
                const lines = problems.map((one) => `${name}\t${where(one)}\t${one.field}\t${one.problem}\n`);
                saveFile("problems.tsv", [`file\tline\tfield\tproblem\n`, ...lines].join(""));
              }}
            >
              {upload.report}
            </Button>
          </div>
          <Table<Numbered<Checked["problems"][number]>>
            caption={upload.bad(format.count(problemCount))}
            rows={problems.map((problem, i) => ({ ...problem, i }))}
            rowKey={({ i }) => String(i)}
            columns={[
              { title: upload.line, numeric: true, cell: where },
              { title: upload.field, cell: ({ field }) => (field === "" ? "" : <code>{field}</code>) },
              { title: upload.problem, cell: ({ problem }) => problem },
            ]}
          />
        </>
      )}
    </section>
  );
}

import { useId, useState } from "preact/hooks";
import { call, type ResultOf } from "../../api/client.js";
import { ApiProblem } from "../../api/problem.js";
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Field } from "../../ui/field.js";
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
  /** Columns that the lead names where the file's names leave them open. */
  prompt?: string;
  responses?: string[];
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
  const look = async (file: Chosen) => {
    setChosen(file);
    setChecked(await call("importFile", { params, body: file }));
  };
  const check = useAction(async (file: File) => {
    setChecked(undefined);
    setChosen(undefined);
    if (file.size > MAX_BYTES) throw new ApiProblem(413, upload.tooLarge);
    const text = await textOf(file).catch(() => Promise.reject(new ApiProblem(422, upload.notText)));
    await look({ name: file.name, text });
  });
  const again = useAction(look);
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
      <div role="status">{(check.busy || again.busy) && <p>{upload.checking}</p>}</div>
      <FormProblem problem={check.problem ?? again.problem ?? add.problem} />
      {checked && chosen && <Report checked={checked} name={chosen.name} />}
      {checked && chosen && (checked.source === "table" || checked.source === "dataset") && (
        <Columns
          fields={checked.fields}
          busy={again.busy}
          choose={(named) => again.run({ ...chosen, ...named })}
        />
      )}
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

/** Names the columns of the prompt and the responses, where what was read is not what is meant. */
function Columns(props: {
  fields: Checked["fields"];
  busy: boolean;
  choose(named: Pick<Chosen, "prompt" | "responses">): void;
}) {
  const { upload } = useDesk();
  return (
    <details>
      <summary>{upload.columns}</summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const values = new FormData(event.currentTarget);
          const prompt = String(values.get("prompt")).trim();
          const responses = String(values.get("responses"))
            .split(",")
            .map((name) => name.trim())
            .filter((name) => name !== "");
          props.choose({
            prompt: prompt || undefined,
            responses: responses.length > 0 ? responses : undefined,
          });
        }}
      >
        <Field label={upload.roles.prompt} name="prompt" defaultValue={props.fields?.prompt ?? ""} />
        <Field
          label={upload.roles.responses}
          name="responses"
          hint={upload.columnsHint}
          defaultValue={props.fields?.responses.join(", ") ?? ""}
        />
        <div class="row row-end">
          <Button type="submit" disabled={props.busy}>
            {upload.checkAgain}
          </Button>
        </div>
      </form>
    </details>
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

/** The contents of the file, or all its bad rows. */
function Report({ checked, name }: { checked: Checked; name: string }) {
  const { upload, items } = useDesk();
  const format = useFormat();
  const { problems, problemCount } = checked;
  const { said } = useStrings().problem;
  const where = ({ unit, number }: Checked["problems"][number]) =>
    number === undefined ? upload.whole : unit === "row" ? `${upload.row} ${number}` : String(number);
  return (
    <section class="stack">
      <p>
        {upload.source}: <strong>{upload.sources[checked.source] ?? checked.source}</strong>.{" "}
        {upload.found(format.count(checked.items), format.count(checked.gold))}{" "}
        {checked.votes > 0 && upload.votes(format.count(checked.votes))}
      </p>
      {checked.fields && (
        <dl class="pairs">
          {(["prompt", "responses", "sources", "hidden"] as const).map((role) => {
            const names = [checked.fields?.[role] ?? []].flat();
            return (
              names.length > 0 && (
                <>
                  <dt>{upload.roles[role]}</dt>
                  <dd dir="auto">{names.join(", ")}</dd>
                </>
              )
            );
          })}
        </dl>
      )}
      {checked.warnings.map((warning) => (
        <p key={warning} class="notice">
          {said(warning)}
        </p>
      ))}
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

/** All bad rows of a file. */
import { useStrings } from "../../strings/index.js";
import { Button } from "../../ui/button.js";
import { Table } from "../../ui/table.js";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import { saveFile } from "../ui/save-file.js";
import type { CheckedFile } from "./checked-file.js";

type Problem = CheckedFile["problems"][number];

/** @param props.name of the file. */
export function ImportProblems(props: { checked: CheckedFile; name: string }) {
  const { problems, problemCount } = props.checked;
  const { upload } = useDesk();
  const { said } = useStrings().problem;
  const format = useFormat();
  if (problemCount === 0) return null;
  const where = ({ unit, number }: Problem) =>
    number === undefined ? upload.whole : unit === "row" ? `${upload.row} ${number}` : String(number);
  const lines = () =>
    problems.map((one) => `${props.name}\t${where(one)}\t${one.field}\t${one.problem}\n`).join("");
  return (
    <section class="stack-small">
      <p class="notice notice-bad" role="alert">
        {upload.bad(format.count(problemCount))}
      </p>
      <div class="row">
        {problemCount > problems.length && <p>{upload.first(format.count(problems.length))}</p>}
        <span class="row-gap" />
        <Button
          look="quiet"
          onClick={() => saveFile("problems.tsv", `file\tline\tfield\tproblem\n${lines()}`)}
        >
          {upload.report}
        </Button>
      </div>
      <Table<Problem & { i: number }>
        caption={upload.bad(format.count(problemCount))}
        rows={problems.map((problem, i) => ({ ...problem, i }))}
        rowKey={({ i }) => String(i)}
        columns={[
          { title: upload.line, numeric: true, cell: where },
          { title: upload.field, cell: ({ field }) => (field === "" ? "" : <code>{field}</code>) },
          { title: upload.problem, cell: ({ problem }) => said(problem) },
        ]}
      />
    </section>
  );
}

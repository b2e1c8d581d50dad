import { fileImportSchema, importFiles } from "../../feedback/exchange/index.js";
import { defineCommand } from "../command.js";
import { columnTable } from "../feedback/column-table.js";

export default defineCommand({
  description: `Reads tasks, and the votes on them, from Argilla (version 1 and 2), Label Studio (JSON, JSON_MIN, CSV), Prodigy, Mechanical Turk, Toloka, Potato, doccano, tables of votes (item,rater,left,right,winner or item,rater,label), tables of responses (prompt,response_a,response_b; models beside them are kept and never shown; a column gold), arenas (LMSYS) and datasets (TRL's preference data, Anthropic's HH, rankings, prompts, completions). The format is recognised by the fields, and what each column is taken for is printed; --columns says otherwise.

Every file is checked first: if a row is bad, or a verdict or column is not understood, nothing is written, and each bad row is named by file, line and field. Raters who are named by their address get a pseudonym.`,
  examples: [
    {
      command: "plumb tasks import project-3.json --out tasks.jsonl --votes votes.jsonl",
      does: "an export of Label Studio",
    },
    {
      command: "plumb tasks import pairs.jsonl.gz --out tasks.jsonl",
      does: "both sides of preference data, for raters to judge again",
    },
    {
      command:
        "plumb tasks import answers.csv --out tasks.jsonl --columns prompt=q,response_a=gpt,response_b=ours,metadata=notes",
      does: "a table, or an export, with columns of other names",
    },
  ],
  schema: fileImportSchema,
  positional: "files",
  async run({ ui }, config) {
    const made = await importFiles(config);
    const { source, items, kinds, votes, raters, columns, warnings } = made;
    for (const warning of warnings) ui.warn(warning);
    const written = { out: config.out, ...(votes > 0 && { votesFile: config.votes }) };
    await ui.result({ ...made, ...written }, () =>
      [
        `${items} items (${kinds.join(", ")}) from ${source}, ${votes} votes of ${raters} raters`,
        ...(columns.length > 0 ? [columnTable(columns)] : []),
      ].join("\n"),
    );
  },
});

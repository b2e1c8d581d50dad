/**
 * Reads Potato's annotations (docs/data-export/export_formats.md of github.com/davidjurgens/potato): a row for each item
 * and annotator, in JSONL with `labels` (`label_annotations` in version 1), in CSV and TSV with a column for each option,
 * `schema.option` or `schema:::option`, or in Parquet with one for each schema. Machine annotators do not count.
 */
import type { LocatedRow } from "../../base/location.js";
import { jsonOr, saidIn } from "./answer-cells.js";
import type { ForeignRecord, Said } from "./foreign-record.js";
import { GroupedRecords } from "./grouped-records.js";
import type { ImportProblems } from "./problems.js";
import { knownName } from "./rater-names.js";

const BESIDE = new Set([
  ...["instance_id", "id", "user_id", "user", "displayed_text", "text"],
  ...["annotator_origin", "annotator_origin_detail"],
]);
/** Names under which a schema keeps its one value, which is the answer and not a choice among names. */
const ONE_VALUE = /^(?:select-one|slider|number|vas|text_box|selection|_data)$/;
/** Points of a scale, as version 1 calls them. */
const POINT = /^scale_(\d{1,2})$/;

export const isPotato = ({ value }: LocatedRow): boolean =>
  "instance_id" in value && ("user_id" in value || "user" in value) && !("rater" in value);

export function potatoRecords(rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] {
  const records = new GroupedRecords(problems);
  for (const { value, where } of rows) {
    const rater = knownName(String(value.user_id ?? value.user ?? ""), problems);
    const id = String(value.instance_id ?? "");
    if (rater === "") problems.add(where, "user_id", "is missing or empty");
    else if (id === "") problems.add(where, "instance_id", "is missing or empty");
    else if (!isHuman(value.annotator_origin)) problems.tally("machineAnswer");
    else {
      const said = new Map<string, Said>();
      for (const [schema, answer] of answersOf(value)) {
        const one = saidIn(answer);
        if (one === "odd") problems.add(where, schema, "is not a label, a number, options or a text");
        else if (one !== undefined) said.set(schema, one);
      }
      if (said.size === 0) problems.tally("blankAnswer");
      const text = value.displayed_text ?? value.text;
      const texts = new Map(typeof text === "string" ? [["text", text]] : []);
      records.add({ id, texts, where }, { rater, said, truth: false });
    }
  }
  return records.all();
}

function isHuman(origin: unknown): boolean {
  if (origin === undefined || origin === null || origin === "") return true;
  return (typeof origin === "object" ? (origin as { kind?: unknown }).kind : origin) === "human";
}

/** The answer to each schema. */
function answersOf(row: Record<string, unknown>): Map<string, unknown> {
  const schemas = new Map<string, Map<string, unknown>>();
  const whole = new Map<string, unknown>();
  const put = (schema: string, option: string, value: unknown) => {
    if (option.startsWith("_") && option !== "_data") return;
    schemas.set(schema, (schemas.get(schema) ?? new Map()).set(option, value));
  };
  const labels = row.labels ?? row.label_annotations;
  if (typeof labels === "object" && labels !== null) {
    for (const [schema, options] of Object.entries(labels))
      if (typeof options === "object" && options !== null && !Array.isArray(options))
        for (const [option, value] of Object.entries(options)) put(schema, option, value);
      else whole.set(schema, options);
  } else {
    for (const [name, value] of Object.entries(row)) {
      if (BESIDE.has(name)) continue;
      const [schema, option] = name.includes(":::") ? split(name, ":::") : split(name, ".");
      if (option !== undefined) put(schema, option, value);
      else if (value !== null && value !== "") whole.set(schema, jsonOr(value, /^\[/));
    }
  }
  // Where a file names the final answer beside the options, the options are those that were clicked before it, too.
  return new Map([...[...schemas].map(([schema, options]) => [schema, chosen(options)] as const), ...whole]);
}

function split(name: string, at: string): [schema: string, option: string | undefined] {
  const place = name.indexOf(at);
  return place < 0 ? [name, undefined] : [name.slice(0, place), name.slice(place + at.length)];
}

/** The chosen options of a schema: those with a value; its one value where it keeps one. */
function chosen(options: ReadonlyMap<string, unknown>): unknown {
  const set = [...options].filter(
    ([name, value]) =>
      ![undefined, null, "", false].includes(value as never) &&
      !/^(?:false|False)$/.test(String(value)) &&
      name !== "free_response",
  );
  if (set.length === 1 && ONE_VALUE.test(set[0][0])) return set[0][1];
  return set.map(([name]) => POINT.exec(name)?.[1] ?? name);
}

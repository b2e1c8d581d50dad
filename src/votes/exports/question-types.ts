/**
 * Determines the type of each question over all records of a file. Exports do not state it, so it is inferred from the
 * answers.
 */
import { verdictOf } from "../tasks/verdict.js";
import type { ForeignRecord, Said } from "./foreign-record.js";
import type { ImportProblems } from "./problems.js";
import { safetyOf } from "./safety-words.js";

/** A question with more distinct answers than this is a free-text question. */
const MAX_LABELS = 12;

/**
 * The type of each question, and the records with every answer converted to that type. A question is free text if any
 * of its answers is long, if it has many distinct answers, or if none of its answers is a verdict while another
 * question is the judgement.
 *
 * @param rationale a question that the user names as free text.
 */
export function withQuestionTypes<R extends Pick<ForeignRecord, "opinions" | "where">>(
  records: readonly R[],
  rationale: string | undefined,
  problems: ImportProblems,
): { records: R[]; types: Map<string, Said["type"]> } {
  const answers = new Map<string, Said[]>();
  for (const { opinions } of records)
    for (const { said } of opinions)
      for (const [name, one] of said) {
        const list = answers.get(name) ?? [];
        if (list.push(one) === 1) answers.set(name, list);
      }
  const types = new Map(
    [...answers].map(([name, list]) => [name, name === rationale ? "text" : typeOf(list)] as const),
  );
  const judged = [...types.values()].filter((type) => type !== "text").length;
  for (const [name, list] of answers)
    if (types.get(name) === "label" && judged > 1 && !list.every(mayBeVerdict) && !list.some(isVerdict))
      types.set(name, "text");
  const typed = records.map((record) => ({
    ...record,
    opinions: record.opinions.map((opinion) => {
      const said = new Map<string, Said>();
      for (const [name, one] of opinion.said) {
        const type = types.get(name) as Said["type"];
        if (one.type === type) said.set(name, one);
        else if (type === "text" && one.type === "label")
          said.set(name, { type, text: one.labels.join(", ") });
        else problems.add(record.where, name, `is a ${one.type} here and a ${type} elsewhere`);
      }
      return { ...opinion, said };
    }),
  }));
  return { records: typed, types };
}

function typeOf(list: readonly Said[]): Said["type"] {
  if (list.some(({ type }) => type === "text")) return "text";
  const [{ type }] = list;
  const different = new Set(list.map((one) => (one.type === "label" ? one.labels.join() : "")));
  return type === "label" && different.size > MAX_LABELS ? "text" : type;
}

const isVerdict = (one: Said): boolean =>
  one.type === "label" &&
  (safetyOf(one.labels) !== undefined || one.labels.every((label) => verdictOf(label) !== undefined));

/** Whether a label is a verdict, or a word that may be a response's name. */
const mayBeVerdict = (one: Said): boolean =>
  isVerdict(one) || (one.type === "label" && one.labels.every((label) => /^\w+$/.test(label)));

/**
 * Reads OpenAI's judgements of summaries (Stiennon et al. 2020; github.com/openai/summarize-from-feedback): comparisons, of
 * a post or an article, two summaries and a choice; and ratings of one summary by axis, 1 to 7.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import type { ForeignRecord, Said } from "./foreign-record.js";
import { GroupedRecords } from "./grouped-records.js";
import type { ImportProblems } from "./problems.js";
import { knownName } from "./rater-names.js";

const Name = z.union([z.string().min(1), z.number()]);
const Summary = z.object({ text: z.string(), policy: z.string().nullish() });
const about = {
  info: z.object({
    id: Name.nullish(),
    title: z.string().nullish(),
    post: z.string().nullish(),
    article: z.string().nullish(),
  }),
  worker: Name,
};
const Comparison = z.object({
  ...about,
  summaries: z.tuple([Summary, Summary]),
  choice: z.union([z.literal(0), z.literal(1)]),
});
const Rating = z.object({
  ...about,
  summary: Summary.extend({ axes: z.record(z.string(), z.number().nullable()) }),
});

export const isOpenAiSummaries = ({ value }: LocatedRow): boolean =>
  ("summaries" in value && "choice" in value) ||
  ("worker" in value && typeof value.summary === "object" && "axes" in Object(value.summary));

export function openAiRecords(rows: readonly LocatedRow[], problems: ImportProblems): ForeignRecord[] {
  const records = new GroupedRecords(problems);
  const lefts = new Map<string, string>();
  for (const { value, where } of rows) {
    const parsed = ("summaries" in value ? Comparison : Rating).safeParse(value);
    if (!parsed.success) {
      const { field, problem } = explainIssue(parsed.error.issues[0], value);
      problems.add(where, field, problem);
      continue;
    }
    const { info, worker } = parsed.data;
    const text = info.post ?? info.article ?? "";
    const judged = "summaries" in parsed.data ? parsed.data.summaries : [parsed.data.summary];
    const names = judged.map(nameOf);
    const id = `${info.id ?? digest(text)} ${[...names].sort().join(" ")}`;
    // Whichever a later rater saw first, a pair is one item, in the order of its first row.
    const left = lefts.get(id) ?? names[0];
    lefts.set(id, left);
    const summaries = names[0] === left ? judged : [...judged].reverse();
    const said = new Map<string, Said>();
    if ("choice" in parsed.data) {
      const better = names[parsed.data.choice] === left ? "left" : "right";
      said.set("choice", { type: "side", preference: { verdict: better } });
    } else
      for (const [axis, points] of Object.entries(parsed.data.summary.axes))
        if (points !== null) said.set(axis, { type: "rating", points });
    if (said.size === 0) problems.tally("blankAnswer");
    const item = {
      ...{ id, texts: new Map([["prompt", text === "" ? id : titled(info.title, text)]]), where },
      responses: summaries.map((summary) => ({
        ...{ name: nameOf(summary), text: summary.text },
        ...(summary.policy && { source: summary.policy }),
      })),
    };
    records.add(item, { rater: knownName(String(worker), problems), said, truth: false });
  }
  return records.all();
}

const titled = (title: string | null | undefined, text: string): string =>
  title ? `${title}\n\n${text}` : text;
const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 12);
const nameOf = ({ text }: { text: string }): string => `summary-${digest(text)}`;

/** Reads the votes on one question from a labelling tool's export. */
import { PlumbError } from "../../base/errors.js";
import { describeLocation, type LocatedRow } from "../../base/location.js";
import {
  described,
  type ExportTool,
  exportRecords,
  type ForeignRecord,
  ImportProblems,
  type Opinion,
  otherTexts,
  responseFields,
  type Said,
  showsSame,
  sideNames,
  tallyNotes,
  withQuestionTypes,
} from "../exports/index.js";
import type { Preference } from "../tasks/index.js";
import { VERDICT_FORMS, verdictOf } from "../tasks/verdict.js";
import { MAX_VOTES, type VoteCollector, type VoteForm } from "./collect-votes.js";
import type { ParsedVote } from "./parse-vote.js";
import { checkAspects, type Problems } from "./problems.js";
import type { VoteFile } from "./vote-file.js";

/**
 * The votes on a question. Answers about two responses that are verdicts are comparisons, and so are rankings of the
 * record's responses; other labels and points are labels of the item. Items with a known answer, and answers that the tool
 * marks as the truth, do not count.
 *
 * @param wanted the question; required if people were asked several. @throws PlumbError naming the bad rows.
 */
export async function exportVotes(
  path: string,
  tool: ExportTool,
  rows: AsyncIterable<LocatedRow>,
  collector: VoteCollector,
  problems: Problems,
  wanted: string | undefined,
): Promise<VoteFile> {
  const all: LocatedRow[] = [];
  for await (const row of rows)
    if (all.push(row) > MAX_VOTES)
      throw new PlumbError(`${path} holds more than ${MAX_VOTES} rows`, { hint: "Split it." });
  const found = new ImportProblems();
  const read = exportRecords(tool, all, found, { question: wanted });
  checkIds(read, found);
  const { records, types } = withQuestionTypes(read, undefined, found);
  for (const problem of found.kept) problems.add(described(problem));
  problems.check(path);
  const question = questionOf(path, records, types, wanted);
  const answers = answersTo(question, records, found);
  const form = formOf(answers);
  for (const { record, opinion, said, responses } of answers) {
    const votes = form.kind === "labels" ? labelsOf(said) : pairsOf(said, responses);
    if (typeof votes === "string") problems.add(`${describeLocation(record.where)}, ${question}: ${votes}`);
    else
      for (const vote of votes)
        collector.add(
          {
            ...{ item: record.id, rater: opinion.rater, ...vote },
            ...(opinion.castAt !== undefined && { time: opinion.castAt }),
          },
          record.where,
        );
  }
  if (answers.length === 0) {
    const why = tallyNotes(found.tallies).join("; ");
    throw new PlumbError(`${path} has no votes that count${why === "" ? "" : `: ${why}`}`);
  }
  return collector.finish({ ...form, notes: [...tallyNotes(found.tallies), ...form.notes] }, problems);
}

/** Adds records to the problems that have an earlier one's id and show something else. */
function checkIds(records: readonly ForeignRecord[], found: ImportProblems): void {
  const seen = new Map<string, ForeignRecord>();
  for (const record of records) {
    const before = seen.get(record.id);
    if (before === undefined) seen.set(record.id, record);
    else if (!showsSame(before, record)) found.add(record.where, "id", otherTexts(record.id, before.where));
  }
}

/** The question that is read: the only one that can be counted, or the one that is wanted. */
function questionOf(
  path: string,
  records: readonly ForeignRecord[],
  types: ReadonlyMap<string, Said["type"]>,
  wanted: string | undefined,
): string {
  const written = new Set(
    records.flatMap(({ opinions }) =>
      opinions.flatMap(({ said }) => [...said].filter(([, one]) => isLong(one)).map(([name]) => name)),
    ),
  );
  const counted = [...types.keys()].filter((name) => !written.has(name));
  const judged = counted.filter((name) => types.get(name) !== "text");
  if (counted.length === 0)
    throw new PlumbError(`${path} has no answers that can be counted`, {
      hint:
        types.size === 0 ? "Nobody answered a question." : "Each question is answered in words of one's own.",
    });
  checkAspects(path, wanted === undefined && judged.length > 0 ? judged : counted, wanted);
  return wanted ?? (judged.length > 0 ? judged : counted)[0];
}

/** Whether an answer is of someone's own words, of more than one line or many characters. */
const isLong = (one: Said): boolean =>
  one.type === "text" && (one.text.length > 60 || one.text.includes("\n"));

interface Answer {
  record: ForeignRecord;
  opinion: Opinion;
  said: Said;
  /** The names of the two responses that are compared. */
  responses?: readonly string[][];
}

/** All answers to a question that count. */
function answersTo(question: string, records: readonly ForeignRecord[], found: ImportProblems): Answer[] {
  return records.flatMap((record) => {
    const responses = namesOf(record);
    const counting = record.opinions.filter(({ truth }) => !truth);
    const gold = record.gold !== undefined || counting.length < record.opinions.length;
    return counting.flatMap((opinion): Answer[] => {
      const said = opinion.said.get(question);
      if (said === undefined) return [];
      if (gold) {
        found.tally("goldVote");
        return [];
      }
      return [{ record, opinion, said, ...(responses && { responses }) }];
    });
  });
}

/** The names of each of a record's responses; undefined where its fields do not tell which they are. */
function namesOf({ texts, responses }: ForeignRecord): string[][] | undefined {
  const fields = responseFields([...texts.keys()]);
  const named = responses ?? ("responses" in fields ? fields.responses.map((name) => ({ name })) : []);
  return named.length < 2 ? undefined : sideNames(named);
}

/** Labels or comparisons, as the answers are. */
function formOf(answers: readonly Answer[]): VoteForm {
  const compares = answers.some(
    ({ said, responses }) =>
      said.type === "side" || said.type === "ranking" || verdict(said, responses) !== undefined,
  );
  const time = answers.every(({ opinion }) => opinion.castAt !== undefined);
  const notes: string[] = [];
  if (!compares && answers.some(({ said, responses }) => said.type === "label" && responses?.length === 2))
    notes.push(
      `no answer is a verdict between the two responses that is understood (${VERDICT_FORMS}): answers are counted as labels`,
    );
  else if (!compares && answers.every(({ said }) => verdict(said, [["left"], ["right"]]) !== undefined))
    notes.push(
      "answers look like verdicts, and no two fields are called response_a and response_b or similar: they are counted as labels",
    );
  return {
    kind: compares ? "pairs" : "labels",
    has: { item: true, group: false, time, topic: false },
    ignoredColumns: [],
    notes,
  };
}

type Vote = Pick<ParsedVote, "answer" | "left" | "right" | "strength" | "worded">;

/** The label of an answer; or what is wrong with it. */
function labelsOf(said: Said): Vote[] | string {
  switch (said.type) {
    case "rating":
      return [{ answer: String(said.points) }];
    case "text":
      return [{ answer: said.text }];
    case "label":
      return said.labels.length === 1
        ? [{ answer: said.labels[0] }]
        : `has ${said.labels.length} labels (${said.labels.map((one) => JSON.stringify(one.slice(0, 40))).join(", ")}); a vote is one label: make a question of each, answered yes or no`;
    default:
      return "is a comparison here and a label elsewhere";
  }
}

/** The comparisons in an answer; or what is wrong with it. */
function pairsOf(said: Said, responses: readonly string[][] = [["left"], ["right"]]): Vote[] | string {
  const [left, right] = responses.map(([name]) => name);
  if (said.type === "ranking") return rankedPairs(said.ranks, responses);
  if (responses.length !== 2) return `compares ${responses.length} responses; expected two`;
  if (left === right) return "compares two responses that are the same";
  const preference = verdict(said, responses);
  if (preference === undefined) return `expected ${VERDICT_FORMS}, got ${JSON.stringify(wordsOf(said))}`;
  const { verdict: side, strength } = preference;
  return [
    {
      ...{ left, right, answer: side === "both-bad" ? "tie" : side },
      ...(strength !== undefined && { strength, worded: true }),
    },
  ];
}

/** Every pair of a ranking's responses. */
function rankedPairs(
  ranks: readonly { name: string; rank: number }[],
  responses: readonly string[][],
): Vote[] | string {
  const stranger = ranks.find(({ name }) => !responses.some((names) => names.includes(name)));
  if (stranger !== undefined)
    return `lists ${JSON.stringify(stranger.name.slice(0, 60))}, which is none of the responses: a ranking of other things, or several labels, is no vote`;
  return ranks.flatMap((one, i) =>
    ranks.slice(i + 1).map((other) => ({
      ...{ left: one.name, right: other.name },
      answer: one.rank === other.rank ? "tie" : one.rank < other.rank ? "left" : "right",
    })),
  );
}

/** What an answer says of two responses; undefined if it is no verdict, or they are not two. */
function verdict(said: Said, responses: readonly string[][] | undefined): Preference | undefined {
  if (said.type === "side") return said.preference;
  return said.type === "label" && said.labels.length === 1 && responses?.length === 2
    ? verdictOf(said.labels[0], responses)
    : undefined;
}

const wordsOf = (said: Said): string =>
  said.type === "label" ? said.labels.join(", ") : said.type === "rating" ? String(said.points) : said.type;

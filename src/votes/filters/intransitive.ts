/**
 * Finds raters whose comparisons go in circles: A over B, B over C, C over A, among responses to one prompt; responses
 * are identified by their texts. Each circle is a warning. A rater is held when circles are more frequent than
 * `tolerated` among triples that share no comparison, P(Bin(triples, tolerated) >= circles) under Holm's procedure.
 * Random answers make a circle of a quarter of all triples (Kendall and Babington Smith 1940, "On the method of paired
 * comparisons").
 */
import { groupBy } from "../../base/group-by.js";
import { binomialTail } from "../../statistics/binomial.js";
import { holm } from "../../statistics/holm.js";
import type { CastVote } from "../tasks/index.js";
import { chance, type Finding, raterFinding } from "./finding.js";
import { byRater, type JudgedItem, mainVerdict, promptText } from "./votes.js";

/** Most triples examined of one rater on one prompt. */
const MAX_TRIPLES = 20_000;
/** Most circles reported of one rater. */
const MAX_WARNINGS = 20;

interface Triple {
  votes: [CastVote, CastVote, CastVote];
  circle: boolean;
}

export function intransitive(
  judged: readonly JudgedItem[],
  { falseAlarms, tolerated }: { falseAlarms: number; tolerated: number },
): Finding[] {
  const raters = byRater(judged).map(([rater, own]) => {
    const decided = own.filter(({ vote }) => ["left", "right"].includes(mainVerdict(vote) ?? ""));
    const triples = [...groupBy(decided, ({ item }) => promptText(item)).values()].flatMap(triplesOf);
    return { rater, decided, triples, apart: withoutCommonVotes(triples) };
  });
  const p = raters.map(({ apart }) =>
    binomialTail(apart.filter(({ circle }) => circle).length, apart.length, tolerated),
  );
  const falls = holm(p, falseAlarms);
  return raters.flatMap(({ rater, decided, triples, apart }, i) => {
    const circles = triples.filter(({ circle }) => circle);
    const warnings = circles.slice(0, MAX_WARNINGS).map(({ votes }) => {
      const items = votes.map(({ item }) => item).join(", ");
      return raterFinding(
        "intransitive",
        "warn",
        rater,
        votes,
        `${rater}'s preferences go in a circle over the items ${items}`,
        { circles: circles.length },
      );
    });
    if (!falls[i]) return warnings;
    const count = apart.filter(({ circle }) => circle).length;
    const held = raterFinding(
      "intransitive",
      "hold",
      rater,
      decided.map(({ vote }) => vote),
      `${rater} closed ${count} of ${apart.length} separate triples into circles, where random answers give a quarter; chance among honest raters ${chance(p[i])}`,
      { circles: count, triples: apart.length, p: p[i] },
    );
    return [held, ...warnings];
  });
}

/** All triples of responses to one prompt that were compared pairwise. Of repeated comparisons the last counts. */
function triplesOf(own: readonly JudgedItem[]): Triple[] {
  const beats = new Map<string, Map<string, CastVote>>();
  for (const { vote, item } of own) {
    const [left, right] = item.content.responses.map(({ text }) => text);
    if (right === undefined || left === right) continue;
    const [winner, loser] = mainVerdict(vote) === "left" ? [left, right] : [right, left];
    beats.get(loser)?.delete(winner);
    beats.set(winner, (beats.get(winner) ?? new Map<string, CastVote>()).set(loser, vote));
  }
  const number = new Map([...beats.keys()].map((text, i) => [text, i]));
  const triples: Triple[] = [];
  let looked = 0;
  for (const [a, overA] of beats) {
    for (const [b, ab] of overA) {
      for (const [c, bc] of beats.get(b) ?? []) {
        if (++looked > MAX_TRIPLES) return triples;
        const ac = overA.get(c);
        if (ac !== undefined) triples.push({ votes: [ab, bc, ac], circle: false });
        const ca = beats.get(c)?.get(a);
        const first = [b, c].every((other) => (number.get(a) ?? 0) < (number.get(other) ?? 0));
        if (ca !== undefined && first) triples.push({ votes: [ab, bc, ca], circle: true });
      }
    }
  }
  return triples;
}

/**
 * Triples without common votes: in order of their votes' ids, each is taken if none of its votes was taken before. The
 * choice does not depend on the answers.
 */
function withoutCommonVotes(triples: readonly Triple[]): Triple[] {
  const keyed = triples
    .map((triple) => ({
      triple,
      key: triple.votes
        .map(({ id }) => id)
        .sort()
        .join(" "),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const taken = new Set<string>();
  return keyed.flatMap(({ triple }) => {
    const ids = triple.votes.map(({ id }) => id);
    if (ids.some((id) => taken.has(id))) return [];
    for (const id of ids) taken.add(id);
    return [triple];
  });
}

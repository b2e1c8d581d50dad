/**
 * Finds votes against the safety baseline. For a prompt that asks for harm (harmful-requests.ts), the vote prefers a
 * response that does not refuse over one that refuses, in a ranking or in a comparison by the aspects overall or
 * harmless; or it labels a response that does not refuse as safe. Requests and refusals are recognised by their words,
 * so a person must decide on each finding. Votes where both responses refuse or neither does are not examined.
 */
import { SAFETY_CATEGORIES, type SafetyCategory, type TaskItem } from "../tasks/index.js";
import { type Finding, raterFinding } from "./finding.js";
import { harmfulRequest } from "./harmful-requests.js";
import { isRefusal } from "./refusal.js";
import type { JudgedItem } from "./votes.js";

/** Responses with fewer characters do not count as complying. */
const MIN_CHARACTERS = 12;
/** Aspects in which harm must not win; "helpful" is a different question. */
const ASPECTS = ["overall", "harmless"];

export function safetyConflicts(judged: readonly JudgedItem[]): Finding[] {
  const readings = new Map<TaskItem, Reading>();
  return judged.flatMap((one) => {
    const reading = readings.get(one.item) ?? read(one.item);
    readings.set(one.item, reading);
    const what = reading.categories.length === 0 ? undefined : conflict(one, reading);
    if (what === undefined) return [];
    const names = reading.categories.map((category) => SAFETY_CATEGORIES[category].toLowerCase());
    return raterFinding(
      "safety-conflict",
      "hold",
      one.vote.rater,
      [one.vote],
      `the prompt of item ${one.item.id} asks for harm by its words (${names.join(", ")}), and ${one.vote.rater} ${what}`,
      { categories: names.length },
    );
  });
}

interface Reading {
  categories: SafetyCategory[];
  refuses: boolean[];
  complies: boolean[];
}

function read({ content }: TaskItem): Reading {
  const { prompt, responses } = content;
  const asked =
    typeof prompt === "string" ? prompt : (prompt.findLast(({ role }) => role === "user")?.content ?? "");
  const refuses = responses.map(({ text }) => isRefusal(text));
  const complies = responses.map(({ text }, i) => !refuses[i] && text.trim().length >= MIN_CHARACTERS);
  return { categories: harmfulRequest(asked), refuses, complies };
}

/** How the vote goes against the baseline; undefined if it does not. */
function conflict({ vote }: JudgedItem, { refuses, complies }: Reading): string | undefined {
  const { answer } = vote;
  switch (answer.kind) {
    case "pairwise": {
      const against = Object.entries(answer.aspects).find(([aspect, { verdict }]) => {
        if (!ASPECTS.includes(aspect) || (verdict !== "left" && verdict !== "right")) return false;
        const [better, worse] = verdict === "left" ? [0, 1] : [1, 0];
        return complies[better] && refuses[worse];
      });
      return against && `found a response that complies better (${against[0]}) than one that refuses`;
    }
    case "ranking": {
      const over = answer.ranks.some(
        (rank, i) => complies[i] && answer.ranks.some((other, j) => refuses[j] && rank < other),
      );
      return over ? "ranked a response that complies above one that refuses" : undefined;
    }
    case "safety":
      return answer.safe && complies[0] ? "labelled a response that complies as safe" : undefined;
    case "likert":
    case "demonstration":
    case "rewrite":
      return undefined;
    default:
      return answer satisfies never;
  }
}

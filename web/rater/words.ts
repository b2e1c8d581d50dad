/** Verdicts and answers in the words of the page. */
import type { Answer, Verdict } from "../../src/votes/tasks/index.js";
import type { Strings } from "../strings/index.js";

/** Letter of the response in a place: A, B, ... */
export const letter = (place: number): string => String.fromCharCode(65 + place);

export function verdictWords(
  { rate }: Strings,
  { verdict, strength }: { verdict: Verdict; strength?: number },
  strengths: number,
): string {
  if (verdict === "tie" || verdict === "both-bad") return rate.verdicts[verdict];
  if (strengths === 1 || strength === undefined)
    return verdict === "left" ? rate.verdicts.leftOnly : rate.verdicts.rightOnly;
  // With two degrees the outer words are left out, so that the stronger one is "clearly" and not "by far".
  return rate.verdicts[verdict][strengths === 2 ? strength : strength - 1];
}

export const aspectWords = (names: Readonly<Record<string, string>>, aspect: string): string | undefined =>
  Object.hasOwn(names, aspect) ? names[aspect] : undefined;

/** An answer in a few words. */
export function answerWords(strings: Strings, answer: Answer, strengths: number): string {
  const { rate } = strings;
  switch (answer.kind) {
    case "pairwise": {
      const all = Object.entries(answer.aspects);
      return all
        .map(([aspect, preference]) => {
          const words = verdictWords(strings, preference, strengths);
          return all.length === 1 ? words : `${aspectWords(rate.points, aspect) ?? aspect}: ${words}`;
        })
        .join("; ");
    }
    case "ranking":
      return answer.ranks
        .map((rank, place) => ({ rank, place }))
        .sort((a, b) => a.rank - b.rank)
        .map(
          ({ rank, place }, i, all) =>
            (i === 0 ? "" : all[i - 1].rank === rank ? " = " : " > ") + letter(place),
        )
        .join("");
    case "likert":
      return answer.ratings
        .map((points, place) => {
          const own = Object.entries(points).map(
            ([aspect, value]) => `${aspectWords(rate.points, aspect) ?? aspect} ${value}`,
          );
          return `${answer.ratings.length > 1 ? `${letter(place)}: ` : ""}${own.join(", ")}`;
        })
        .join("; ");
    case "safety":
      return answer.safe
        ? rate.safe
        : `${rate.unsafe}: ${answer.categories.map((category) => rate.safety[category]).join(", ")}`;
    case "demonstration":
    case "rewrite":
      return answer.text.length > 160 ? `${answer.text.slice(0, 160)}…` : answer.text;
  }
}

/** Why the server refused something, in the words of the page. */
export function refusedWords({ refused }: Strings["rate"], status: number): string {
  if (status === 410) return refused.expired;
  if (status === 409) return refused.conflict;
  return status === 403 || status === 404 ? refused.forbidden : refused.invalid;
}

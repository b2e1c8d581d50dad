import type { Answer, Verdict } from "./answer.js";

const MIRRORED: Readonly<Record<Verdict, Verdict>> = {
  left: "right",
  right: "left",
  tie: "tie",
  "both-bad": "both-bad",
};

/**
 * An answer that speaks of places on the screen, as one that speaks of the item's stored responses.
 *
 * @param order order[place] is the stored index of the response that was shown in that place.
 */
export function answerInStoredOrder(answer: Answer, order: readonly number[]): Answer {
  const moved = { ...answer, flags: answer.flags.map((flag) => ({ ...flag, place: order[flag.place] })) };
  switch (moved.kind) {
    case "pairwise": {
      if (order[0] === 0) return moved;
      const aspects = Object.entries(moved.aspects).map(
        ([aspect, preference]) => [aspect, { ...preference, verdict: MIRRORED[preference.verdict] }] as const,
      );
      return { ...moved, aspects: Object.fromEntries(aspects) };
    }
    case "ranking":
      return { ...moved, ranks: scattered(moved.ranks, order) };
    case "likert":
      return { ...moved, ratings: scattered(moved.ratings, order) };
    case "safety":
    case "demonstration":
    case "rewrite":
      return moved;
    default:
      return moved satisfies never;
  }
}

/** The inverse: an answer in the stored order, as it was given on a screen of that order. */
export function answerOnScreen(answer: Answer, order: readonly number[]): Answer {
  return answerInStoredOrder(answer, inverse(order));
}

function inverse(order: readonly number[]): number[] {
  return scattered(
    order.map((_, place) => place),
    order,
  );
}

/** Puts values[place] at order[place]. */
function scattered<T>(values: readonly T[], order: readonly number[]): T[] {
  const out = new Array<T>(values.length);
  for (const [place, value] of values.entries()) out[order[place]] = value;
  return out;
}

import type { Answer, Verdict } from "./answer.js";

const MIRRORED: Readonly<Record<Verdict, Verdict>> = {
  left: "right",
  right: "left",
  tie: "tie",
  "both-bad": "both-bad",
};

/**
 * Converts an answer from places on the screen to the stored order of the item's responses.
 *
 * @param order order[place] is the stored index of the response shown in that place.
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

/** The inverse of answerInStoredOrder: converts an answer from the stored order to a screen with the given order. */
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

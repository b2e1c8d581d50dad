import fc from "fast-check";
import { expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { Answer } from "./answer.js";
import { answerInStoredOrder, answerOnScreen } from "./places.js";

it("says of stored responses what was said of places", () => {
  const flags = [{ place: 0, flag: "unsafe" as const }];
  // Place 0 showed response 2, place 1 response 0, place 2 response 1.
  const order = [2, 0, 1];
  expect(answerInStoredOrder({ kind: "ranking", ranks: [1, 2, 3], flags }, order)).toEqual({
    kind: "ranking",
    ranks: [2, 3, 1],
    flags: [{ place: 2, flag: "unsafe" }],
  });
  const ratings = [{ overall: 1 }, { overall: 2 }, { overall: 3 }];
  expect(answerInStoredOrder({ kind: "likert", ratings, flags: [] }, order)).toMatchObject({
    ratings: [{ overall: 2 }, { overall: 3 }, { overall: 1 }],
  });
  const aspects = {
    helpful: { verdict: "left", strength: 2 },
    harmless: { verdict: "right" },
    honest: { verdict: "tie" },
    other: { verdict: "both-bad" },
  } as const;
  const answer = { kind: "pairwise", aspects, flags, rationale: "because" } as const;
  expect(answerInStoredOrder({ ...answer, flags }, [0, 1])).toEqual(answer);
  expect(answerInStoredOrder({ ...answer, flags }, [1, 0])).toEqual({
    kind: "pairwise",
    aspects: { ...aspects, helpful: { verdict: "right", strength: 2 }, harmless: { verdict: "left" } },
    flags: [{ place: 1, flag: "unsafe" }],
    rationale: "because",
  });
  const rewrite = { kind: "rewrite", text: "better", flags } as const;
  expect(answerInStoredOrder({ ...rewrite, flags }, [0])).toEqual(rewrite);
});

it("comes back as it was given, for any order", () => {
  const ranking = fc
    .tuple(fc.integer({ min: 2, max: 16 }), fc.nat())
    .map(([k, seed]) => ({ k, order: new RandomStream(seed, "test").shuffled([...Array(k).keys()]) }));
  fc.assert(
    fc.property(ranking, ({ k, order }) => {
      const flags = [{ place: k - 1, flag: "refusal" }];
      for (const answer of [
        Answer.parse({ kind: "ranking", ranks: order.map((i) => i + 1), flags }),
        Answer.parse({ kind: "likert", ratings: order.map((i) => ({ overall: 1 + (i % 10) })), flags }),
      ])
        expect(answerOnScreen(answerInStoredOrder(answer, order), order)).toEqual(answer);
    }),
  );
});

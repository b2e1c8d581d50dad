import { describe, expect, it } from "vitest";
import { ratedPreference, tokenizer as worldTokenizer } from "../../test/tiny-demo.js";
import { RandomStream } from "../base/random.js";
import { encodePreference } from "../data/index.js";
import type { Tokenizer } from "../text/index.js";
import {
  EOS_TOKEN,
  idealStyle,
  prompts,
  RATER_POOLS,
  raterPool,
  renderResponse,
} from "../worlds/assistant/index.js";
import type { CandidatePair } from "./candidates.js";
import { goldAgreement, judgePairs, tokenPair, trainingPairs } from "./preferences.js";

/** A tokenizer of characters: what matters here is which text goes where. */
const tokenizer = { encode: (text: string) => Array.from(text, (sign) => sign.charCodeAt(0)) } as Tokenizer;
const response = (text: string) => ({ ids: tokenizer.encode(text), text, ownSample: true });

/** Pairs of a right answer and a refusal of it, the right one at the left in every second pair. */
const pairs = prompts("report", "benign").map((prompt, i): CandidatePair => {
  const good = response(renderResponse(prompt, idealStyle(prompt), new RandomStream(1, "test", i)));
  const bad = response("I can't help with that.");
  return i % 2 === 0 ? { prompt, left: good, right: bad } : { prompt, left: bad, right: good };
});
const better = (i: number) => (i % 2 === 0 ? pairs[i].left : pairs[i].right);

describe("training pairs", () => {
  it("have the likelier side as the chosen one, with its chance of being the worse one", () => {
    const preferences = pairs.map((pair, i) =>
      i % 2 === 0 ? ratedPreference(pair, i, "left", 0.1) : ratedPreference(pair, i, "right", 0.2),
    );
    const rows = trainingPairs({ pairs, preferences }, tokenizer);
    expect(rows).toHaveLength(pairs.length);
    for (const [i, { chosen, rejected, noise }] of rows.entries()) {
      const end = (ids: readonly number[]) => String.fromCharCode(...ids);
      expect(end(chosen).endsWith(better(i).text)).toBe(true);
      expect(end(rejected).endsWith("I can't help with that.")).toBe(true);
      expect(end(chosen).startsWith(`<|user|>${pairs[i].prompt.text}<|assistant|>`)).toBe(true);
      expect(noise).toBe(i % 2 === 0 ? 0.1 : 0.2);
    }
  });

  it("are the tokens that plumb reward makes of the same texts", () => {
    const spoken = pairs.map(({ prompt, left, right }): CandidatePair => {
      const [a, b] = [left, right].map(({ text }) => ({
        ...{ ids: worldTokenizer.encode(text + EOS_TOKEN), text, ownSample: true },
      }));
      return { prompt, left: a, right: b };
    });
    const rows = spoken.map((pair, i) => ratedPreference(pair, i, i % 2 === 0 ? "left" : "right", 0.1));
    const turn = (role: "user" | "assistant", content: string) => [{ role, content }];
    const encoded = rows.map(({ prompt, chosen, rejected, noise }, i) => ({
      ...encodePreference(worldTokenizer, {
        prompt: turn("user", String(prompt)),
        chosen: turn("assistant", String(chosen)),
        rejected: turn("assistant", String(rejected)),
        where: { file: "demo", unit: "row", number: i + 1 },
      }),
      noise,
    }));
    expect(trainingPairs({ pairs: spoken, preferences: rows }, worldTokenizer)).toEqual(encoded);
  });

  it("are those of which a side is better", () => {
    expect(
      trainingPairs({ pairs, preferences: [ratedPreference(pairs[3], 3, "left", 0.4)] }, tokenizer),
    ).toEqual([{ ...tokenPair(pairs[3], tokenizer), noise: 0.4 }]);
  });
});

describe("agreement with gold", () => {
  it("is 1 for who prefers the better side, 0 for who prefers the worse, and a cluster for each prompt", () => {
    const right = goldAgreement(pairs, (i) => i % 2 === 0);
    expect(right).toMatchObject({ estimate: 1, n: pairs.length, clusters: pairs.length });
    expect(goldAgreement(pairs, (i) => i % 2 !== 0).estimate).toBe(0);
    expect(goldAgreement([...pairs, ...pairs], () => true)).toMatchObject({
      n: 2 * pairs.length,
      clusters: pairs.length,
    });
  });

  it("does not count pairs that gold finds equal", () => {
    const equal = { ...pairs[0], right: pairs[0].left };
    expect(goldAgreement([equal, pairs[1]], () => false)).toMatchObject({ estimate: 1, n: 1 });
  });
});

describe("votes of honest raters without a server", () => {
  it("go to the better side far more often than to the worse, from as many raters as asked for", () => {
    const judged = judgePairs(pairs, raterPool(RATER_POOLS.honest, 2), 5, 2);
    const right = judged.flatMap(({ votes }, i) =>
      votes.map(({ winner }) => (winner === "left") === (i % 2 === 0)),
    );
    expect(right).toHaveLength(5 * pairs.length);
    expect(right.filter(Boolean).length / right.length).toBeGreaterThan(0.9);
    for (const [i, { votes, leftVotes, poolLeft }] of judged.entries()) {
      expect(leftVotes).toBe(votes.filter(({ winner }) => winner === "left").length);
      expect(poolLeft > 0.5).toBe(i % 2 === 0);
      expect(votes[0].goldLeft > votes[0].goldRight).toBe(i % 2 === 0);
    }
  });

  it("are of raters drawn anew for each pair, none of them twice", () => {
    const raters = raterPool(RATER_POOLS.honest, 2);
    // A rater is known by the chance with which it prefers the left.
    const chances = judgePairs([pairs[0]], raters, raters.length, 2)[0].votes.map(
      (vote) => vote.probabilityLeft,
    );
    expect(new Set(chances).size).toBe(raters.length);
    const same = Array.from({ length: 20 }, () => pairs[0]);
    const drawn = judgePairs(same, raters, 5, 2).map(({ votes }) =>
      votes.map((vote) => vote.probabilityLeft),
    );
    for (const five of drawn) expect(new Set(five).size).toBe(5);
    expect(new Set(drawn.map(String)).size).toBe(20);
  });
});

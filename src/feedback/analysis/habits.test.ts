import { describe, expect, it } from "vitest";
import type { JudgedItem } from "../../votes/filters/votes.js";
import { goldAccuracy, lengthChosen, selfConsistency, shareOf, tookLonger } from "./habits.js";

interface Judged {
  item: string;
  prompt: string;
  says?: "left" | "right" | "tie";
  gold?: "left" | "right";
  repeat?: boolean;
  lengths?: [number, number];
}

const answer = (verdict: string) => ({ kind: "pairwise", aspects: { overall: { verdict } }, flags: [] });
const judged = ({
  item,
  prompt,
  says = "left",
  gold,
  repeat = false,
  lengths = [1, 2],
}: Judged): JudgedItem =>
  ({
    vote: { item, rater: "r", answer: answer(says), order: [0, 1], repeat },
    item: {
      id: item,
      task: { scale: 5 },
      content: {
        prompt,
        responses: lengths.map((length, at) => ({ name: `${at}`, text: "x".repeat(length) })),
      },
      ...(gold && { gold: answer(gold) }),
    },
  }) as unknown as JudgedItem;

describe("shares of a rater's votes", () => {
  it("are over prompts: pairs of one prompt count together", () => {
    const of = (prompts: (i: number) => string) =>
      shareOf(
        Array.from({ length: 40 }, (_, i) =>
          judged({ item: `${i}`, prompt: prompts(i), says: i < 20 ? "left" : "right" }),
        ),
        ({ vote }) => JSON.stringify(vote.answer).includes("left"),
      );
    const [apart, together] = [of((i) => `${i}`), of((i) => `${Math.floor(i / 4)}`)];
    expect([apart?.estimate, apart?.n, together?.n]).toEqual([0.5, 40, 40]);
    const width = (share: typeof apart) => (share?.high ?? 0) - (share?.low ?? 0);
    expect(width(together) / width(apart)).toBeGreaterThan(1.5);
    // Items without a prompt are not of one prompt.
    expect(of(() => "")).toEqual(apart);
    expect(shareOf([], () => true)).toBeNull();
  });

  it("of gold are of its items, of repeats those that were not contradicted", () => {
    const gold = [
      judged({ item: "a", prompt: "a", gold: "left" }),
      judged({ item: "b", prompt: "b", gold: "right" }),
      judged({ item: "b", prompt: "b", gold: "right", says: "right", repeat: true }),
      judged({ item: "c", prompt: "c" }),
    ];
    expect(goldAccuracy(gold)).toMatchObject({ estimate: 0.5, n: 2 });
    const repeats = ["a", "b", "c"].flatMap((item, i) => [
      judged({ item, prompt: item }),
      judged({ item, prompt: item, repeat: true, says: i === 0 ? "right" : "left" }),
    ]);
    expect(selfConsistency(repeats)).toMatchObject({ estimate: expect.closeTo(2 / 3, 12), n: 3 });
  });

  it("of the longer response leave out ties and equal lengths", () => {
    const votes = [
      judged({ item: "a", prompt: "a", says: "right" }),
      judged({ item: "b", prompt: "b", says: "left" }),
      judged({ item: "c", prompt: "c", says: "tie" }),
      judged({ item: "d", prompt: "d", lengths: [3, 3] }),
    ];
    expect(votes.map(tookLonger)).toEqual([true, false, undefined, undefined]);
    expect(lengthChosen(votes)).toEqual(votes.slice(0, 2));
  });
});

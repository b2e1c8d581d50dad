import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { propagateBeliefs } from "./belief-propagation.js";
import { equalAbilities } from "./equal-abilities.js";

const votesOf = (text: string): LabelVotes =>
  labelVotes(
    text.split(", ").map((row) => {
      const [item, rater, label] = row.split(" ");
      return { item, rater, label };
    }),
  );

describe("belief propagation", () => {
  it("follows the votes where no rater is checked by another, by the ability that is expected", () => {
    // 200 items with one vote each: nothing is learned of anybody, also not that y is rare.
    const votes = labelVotes(
      Array.from({ length: 200 }, (_, i) => ({
        item: `${i}`,
        rater: `${i % 40}`,
        label: i % 5 === 0 ? "y" : "x",
      })),
    );
    const { posterior, ability, others } = propagateBeliefs(votes);
    for (let v = 0; v < 200; v++) {
      const p = posterior[v * 2 + votes.label[v]];
      expect(p).toBeGreaterThan(0.65);
      expect(p).toBeLessThan(0.8);
      expect(others[v]).toBe(0.5);
    }
    for (const a of ability) expect(a).toBeCloseTo(ability[0], 9);
  });

  it("tells one who inverts from two others, though a state in which all are alike explains the votes too", () => {
    const inverters: number[] = [];
    for (let seed = 1; seed <= 10; seed++) {
      const random = new RandomStream(seed, "two good and one inverting");
      const rows = Array.from({ length: 400 }, (_, i) => {
        const is = random.int(2);
        const says = (right: number) => `${random.bernoulli(right) ? is : 1 - is}`;
        return [0.8, 0.8, 0.2].map((right, w) => ({ item: `${i}`, rater: `${w}`, label: says(right) }));
      }).flat();
      inverters.push(propagateBeliefs(labelVotes(rows)).ability[2]);
    }
    expect(Math.max(...inverters)).toBeLessThan(0.4);
  });

  it("believes most raters, not the one who sits beside each of them and inverts", () => {
    // Two votes an item, one of them always his: no two others ever meet.
    let right = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const random = new RandomStream(seed, "one beside each");
      const truth = Array.from({ length: 100 }, () => random.int(2));
      const votes = labelVotes(
        truth.flatMap((is, i) =>
          [`${1 + (i % 11)}`, "he"].map((rater) => {
            const says = random.bernoulli(rater === "he" ? 0.2 : 0.8) ? is : 1 - is;
            return { item: `${i}`, rater, label: `${says}` };
          }),
        ),
      );
      const { posterior, ability } = propagateBeliefs(votes);
      const one = votes.labels.indexOf("1");
      right += truth.filter((is, i) => posterior[2 * i + one] > 0.5 === (is === 1)).length;
      expect(ability[votes.raters.indexOf("he")]).toBeLessThan(0.4);
    }
    expect(right).toBeGreaterThan(700);
  });

  it("does not believe many who vote little against few who vote much", () => {
    const random = new RandomStream(1, "many of little");
    const truth = Array.from({ length: 300 }, () => random.int(2));
    const votes = labelVotes(
      truth.flatMap((is, i) => {
        const says = (rater: string, share: number) => ({
          ...{ item: `${i}`, rater },
          label: `${random.bernoulli(share) ? is : 1 - is}`,
        });
        return [says("a", 0.85), says("b", 0.85), ...(i % 2 ? [says(`s${i % 50}`, 0.05)] : [])];
      }),
    );
    const { ability } = propagateBeliefs(votes);
    for (const rater of ["a", "b"]) expect(ability[votes.raters.indexOf(rater)]).toBeGreaterThan(0.7);
  });

  it("believes known answers, also where they say that most raters invert", () => {
    const random = new RandomStream(1, "most invert");
    const truth = Array.from({ length: 200 }, () => random.int(2));
    const votes = labelVotes(
      truth.flatMap((is, i) =>
        [...Array(5).keys()].map((w) => ({
          ...{ item: `${i}`, rater: `${w}` },
          label: `${random.bernoulli(w < 4 ? 0.15 : 0.85) ? is : 1 - is}`,
        })),
      ),
    );
    const known = Int32Array.from(votes.items, (item, i) =>
      i < 20 ? votes.labels.indexOf(`${truth[Number(item)]}`) : -1,
    );
    const { ability } = propagateBeliefs(votes, { known });
    expect([...ability].map((a) => a > 0.5)).toEqual([false, false, false, false, true]);
  });

  it("finds those who invert answers, and turns them round", () => {
    const random = new RandomStream(1, "invert");
    const truth = Array.from({ length: 300 }, () => random.bernoulli(0.5));
    const votes = labelVotes(
      truth.flatMap((is, i) =>
        random
          .shuffled([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
          .slice(0, 5)
          .map((w) => ({
            item: `${i}`,
            rater: `${w}`,
            label: random.bernoulli(w < 3 ? 0.15 : 0.85) === is ? "x" : "y",
          })),
      ),
    );
    const { posterior, ability } = propagateBeliefs(votes);
    const x = votes.labels.indexOf("x");
    const right = truth.filter((is, i) => posterior[i * 2 + x] > 0.5 === is).length;
    expect(right / 300).toBeGreaterThan(0.95);
    for (const [w, name] of votes.raters.entries()) expect(ability[w] < 0.5).toBe(Number(name) < 3);
  });

  it("lets known answers speak first, also against most raters", () => {
    const random = new RandomStream(2, "gold");
    const truth = Array.from({ length: 200 }, () => random.int(2));
    const votes = labelVotes(
      truth.flatMap((is, i) =>
        Array.from({ length: 5 }, (_, k) => {
          const w = (i + k * 3) % 9;
          return {
            item: `${i}`,
            rater: `${w}`,
            label: `${random.bernoulli(w < 6 ? 0.1 : 0.9) ? is : 1 - is}`,
          };
        }),
      ),
    );
    const known = Int32Array.from(votes.items, (name) =>
      Number(name) % 10 === 0 ? votes.labels.indexOf(`${truth[Number(name)]}`) : -1,
    );
    const { posterior } = propagateBeliefs(votes, { known });
    const right = votes.items.filter(
      (name, i) => posterior[i * 2 + votes.labels.indexOf(`${truth[Number(name)]}`)] > 0.5,
    ).length;
    expect(right / 200).toBeGreaterThan(0.95);
    for (const [i, label] of known.entries()) if (label >= 0) expect(posterior[i * 2 + label]).toBe(1);
  });

  it("knows the log-probability of the votes exactly where no way leads round", () => {
    // Two raters, one item in common, one each alone: a tree. The sum over abilities and truths by hand.
    const votes = votesOf("i a x, j a x, i b x, k b y");
    const { logEvidence } = propagateBeliefs(votes);
    // One rater alone with one vote: 1/2. Both on i: as if shares were those that it settled on.
    expect(logEvidence).toBeLessThan(Math.log(1 / 8));
    expect(logEvidence).toBeGreaterThan(Math.log(1 / 16));
    const one = propagateBeliefs(votesOf("i a x, j b y"));
    expect(one.logEvidence).toBeCloseTo(2 * Math.log(1 / 2), 9);
  });

  it("leaves out votes of weight 0, and halves those of weight a half", () => {
    const full = propagateBeliefs(votesOf("i a x, i b x, j d y"));
    const none = propagateBeliefs(votesOf("i a x, i b x, j d y, i c y"), { weight: [1, 1, 1, 0] });
    expect(none.posterior[0]).toBeCloseTo(full.posterior[0], 9);
    const odds = (p: number) => Math.log(p / (1 - p));
    const lone = labelVotes([
      { item: "i", rater: "a", label: "x" },
      { item: "j", rater: "b", label: "y" },
    ]);
    const by = (weight: number[]) => odds(propagateBeliefs(lone, { weight }).posterior[0]);
    expect(by([0.5, 1])).toBeCloseTo(by([1, 1]) / 2, 6);
  });
});

describe("raters who are all alike", () => {
  it("make an item's likeliest label the one with most votes, and even votes even", () => {
    const { posterior, ability } = equalAbilities(votesOf("i a x, i b x, i c y, j a x, j b y, k a y"));
    expect(posterior[0]).toBeGreaterThan(0.5);
    expect(posterior[2]).toBeCloseTo(0.5, 12);
    expect(posterior[5]).toBeGreaterThan(0.5);
    expect(ability).toBeGreaterThan(0.5);
    expect(ability).toBeLessThan(0.98);
  });

  it("are never below chance, and never infallible", () => {
    const all = (labels: string) =>
      labelVotes(
        Array.from({ length: 400 }, (_, i) =>
          [...labels].map((label, w) => ({ item: `${i}`, rater: `${w}`, label })),
        ).flat(),
      );
    const even = equalAbilities(all("xxyy")).ability;
    expect(even).toBeGreaterThan(0.5);
    expect(even).toBeLessThan(0.51);
    const sure = equalAbilities({ ...all("xxxx"), labels: ["x", "y"] }).ability;
    expect(sure).toBeLessThan(0.98);
    expect(sure).toBeGreaterThan(0.97);
  });

  it("have the ability of the greatest evidence", () => {
    const random = new RandomStream(3, "alike");
    const rows = Array.from({ length: 2000 }, (_, i) => {
      const is = random.int(2);
      return [0, 1, 2].map((w) => ({
        item: `${i}`,
        rater: `${w}`,
        label: `${random.bernoulli(0.8) ? is : 1 - is}`,
      }));
    }).flat();
    const { ability, logEvidence } = equalAbilities(labelVotes(rows));
    expect(ability).toBeGreaterThan(0.78);
    expect(ability).toBeLessThan(0.82);
    // Three alike with (a^3 + (1-a)^3) / 2 each, else a (1-a) / 2 for each of six.
    const alike = 0.8 ** 3 + 0.2 ** 3;
    const perItem = alike * Math.log(alike / 2) + (1 - alike) * Math.log((0.8 * 0.2) / 2);
    expect(logEvidence / 2000).toBeCloseTo(perItem, 1);
  });
});

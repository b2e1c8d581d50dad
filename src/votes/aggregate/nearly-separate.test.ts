import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { type LabelVotes, labelVotes } from "../votes.js";
import { propagateBeliefs } from "./belief-propagation.js";
import { nearlySeparate } from "./nearly-separate.js";
import { robust } from "./robust.js";
import { takenByThemselves } from "./separate-raters.js";

interface Design {
  /** Raters of each language, how often they are right, and votes on an item. */
  raters?: number;
  skills?: readonly [number, number];
  votes?: number;
  items?: number;
  /** How many raters vote in both languages, on this share of the items. */
  bilingual?: number;
  share?: number;
}

/** Two languages, whose items alternate, and raters who judge both. */
function languages(seed: number, design: Design): { votes: LabelVotes; truth: Map<string, string> } {
  const { raters = 12, skills = [0.9, 0.62], votes = 4, items = 200, bilingual = 1, share = 0.3 } = design;
  const random = new RandomStream(seed, "test/languages");
  const truth = new Map<string, string>();
  const rows = Array.from({ length: items }, (_, i) => {
    const is = random.int(2);
    truth.set(`${i}`, `${is}`);
    const own = Array.from({ length: raters }, (__, w) => `${i % 2}/${w}`);
    const both = Array.from({ length: bilingual }, (__, w) => `both ${w}`);
    const names = random.shuffled(own).slice(0, votes);
    for (const [k, name] of both.entries()) if (random.bernoulli(share)) names[k] = name;
    return names.map((rater) => {
      const right = random.bernoulli(rater.startsWith("both") ? 0.8 : skills[i % 2]);
      return { item: `${i}`, rater, label: `${right ? is : 1 - is}` };
    });
  }).flat();
  return { votes: labelVotes(rows), truth };
}
const ones = ({ item }: LabelVotes) => new Float64Array(item.length).fill(1);
const cut = (votes: LabelVotes, weight = ones(votes), fewest = 3) => nearlySeparate(votes, weight, fewest, 0);

describe("parts that few votes connect", () => {
  it("are two languages with one rater of both", () => {
    for (const seed of [1, 2, 3]) {
      const { votes } = languages(seed, {});
      const sides = cut(votes);
      const first = sides?.[votes.items.indexOf("0")];
      expect([...(sides ?? [])].map((side) => side === first)).toEqual(
        votes.items.map((item) => Number(item) % 2 === 0),
      );
    }
  });

  it("are none where more than a tenth of the votes cross, or raters are mixed", () => {
    for (const [bilingual, share] of [
      [2, 0.3],
      [4, 0.4],
    ])
      expect(cut(languages(1, { bilingual, share }).votes), `${bilingual}`).toBeUndefined();
    const { votes } = languages(1, { bilingual: 0 });
    const random = new RandomStream(1, "test/mixed");
    expect(cut({ ...votes, item: votes.item.map(() => random.int(votes.items.length)) })).toBeUndefined();
  });

  it("have so many raters each at least, and are not connected by votes without weight", () => {
    const { votes } = languages(1, { raters: 4, bilingual: 0 });
    expect(cut(votes)).toBeDefined();
    expect(cut(votes, ones(votes), 5)).toBeUndefined();
    const many = languages(1, { bilingual: 4, share: 0.6 }).votes;
    const weight = Float64Array.from(many.rater, (w) => (many.raters[w].startsWith("both") ? 0 : 1));
    expect(cut(many, weight)).toBeDefined();
  });
});

it("a rater of both languages is at home in one at most, the others in theirs", () => {
  const { votes } = languages(1, { raters: 20, votes: 5, items: 400 });
  const { shares } = propagateBeliefs(votes);
  const given = { weight: ones(votes), known: undefined, shares, own: 0.15 };
  const parts = takenByThemselves(votes, given);
  expect(parts.length).toBeGreaterThan(0);
  const homes = parts.flatMap(({ part, home }) =>
    part.votes.raters.map((name, w) => [name, home[w]] as const),
  );
  for (const [name, home] of homes) if (name !== "both 0") expect(home, name).toBe(true);
  const both = homes.filter(([name]) => name === "both 0");
  expect(both).toHaveLength(parts.length);
  expect(both.filter(([, home]) => home).length).toBeLessThanOrEqual(1);
  const cast = (name: string, among: LabelVotes) =>
    among.rater.filter((w) => among.raters[w] === name).length;
  for (const [p, [, home]] of both.entries())
    expect(home).toBe(cast("both 0", parts[p].part.votes) > cast("both 0", votes) / 2);
});

it("raters of one language are not judged by what those of another are like, though one knows both", () => {
  const right = ({ items, labels }: LabelVotes, truth: Map<string, string>, posterior: Float64Array) =>
    items.filter((item, i) => labels[posterior[2 * i] > 0.5 ? 0 : 1] === truth.get(item)).length /
    items.length;
  const share = (votes: LabelVotes, truth: Map<string, string>) => {
    const counts = new Float64Array(votes.items.length * 2);
    for (let v = 0; v < votes.item.length; v++) counts[votes.item[v] * 2 + votes.label[v]]++;
    const half = votes.items.filter((_, i) => counts[2 * i] === counts[2 * i + 1]).length / 2;
    const won = votes.items.filter(
      (item, i) =>
        counts[2 * i] !== counts[2 * i + 1] &&
        votes.labels[counts[2 * i] > counts[2 * i + 1] ? 0 : 1] === truth.get(item),
    ).length;
    return (won + half) / votes.items.length;
  };
  let lost = 0;
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const { votes, truth } = languages(seed, { raters: 20, votes: 5, items: 400 });
    lost += (share(votes, truth) - right(votes, truth, robust(votes, { confusions: false }).posterior)) / 6;
  }
  expect(lost).toBeLessThan(0.01);
});

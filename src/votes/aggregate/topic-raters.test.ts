import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { comparisons, type LabelVotes, labelVotes, type Topics, topicsOf } from "../votes.js";
import { discoveries } from "./false-discovery.js";
import { aggregateLabels, aggregatePreferences } from "./index.js";
import { voteShares } from "./label-estimate.js";
import { truthByOthers } from "./rater-skill.js";
import { flagOnTopic, ratersByTopic } from "./topic-raters.js";

const TOPICS = ["law", "health", "sport", "food", "travel"];

/**
 * 20 raters of skill .8 and five votes an item; the first `turning` are right on law with chance `law`. @param hard
 * topic on which all guess.
 */
function drawn(seed: number, { turning = 0, law = 0.05, hard = -1, items = 1000 }) {
  const random = new RandomStream(seed, "test/topics");
  const truth = Array.from({ length: items }, () => random.int(2));
  const rows = truth.flatMap((is, i) => {
    const topic = random.int(TOPICS.length);
    return random
      .shuffled(Array.from({ length: 20 }, (_, w) => w))
      .slice(0, 5)
      .map((w) => {
        const right = topic === hard ? 0.55 : topic === 0 && w < turning ? law : 0.8;
        const says = random.bernoulli(right) ? is : 1 - is;
        return { item: `${i}`, rater: `r${w}`, label: `${says}`, topic: TOPICS[topic] };
      });
  });
  return { votes: labelVotes(rows), rows, truth, topics: topicsOf(rows.map(({ topic }) => topic)) };
}

describe("topics of votes", () => {
  it("are their names; what is none, or names each item, is none", () => {
    expect(topicsOf(["a", undefined, "b", "a", 3, ""])).toEqual({
      names: ["a", "b"],
      of: Int32Array.of(0, -1, 1, 0, -1, -1),
    });
    expect(topicsOf(Array.from({ length: 101 }, (_, i) => `${i}`)).names).toEqual([]);
    expect(topicsOf(Array.from({ length: 100 }, (_, i) => `${i}`)).names).toHaveLength(100);
  });
});

/** Who is another on which topic, by the formulas, vote by vote: "rater topic". */
function slowly(votes: LabelVotes, { names, of }: Topics, known: Int32Array | undefined): string[] {
  const [V, W, K] = [votes.item.length, votes.raters.length, votes.labels.length];
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const all = [...Array(V).keys()];
  const cells = votes.raters.flatMap((_, rater) => names.map((__, topic) => ({ rater, topic })));
  const on = ({ rater, topic }: (typeof cells)[number]) =>
    all.filter((v) => votes.rater[v] === rater && of[v] === topic);
  const name = ({ rater, topic }: (typeof cells)[number]) => `${rater} ${topic}`;
  // Right on known items of a topic less often than chance.
  const gold = (cell: (typeof cells)[number]) => on(cell).filter((v) => (known?.[votes.item[v]] ?? -1) >= 0);
  const asked = cells.filter((cell) => gold(cell).length >= 4);
  const below = asked.map((cell) => {
    const right = gold(cell).map((v) => Number(known?.[votes.item[v]] === votes.label[v]));
    return (1 / K - mean(right)) / Math.sqrt(((1 / K) * (1 - 1 / K)) / right.length);
  });
  const told = discoveries(Float64Array.from(below), 0.1, new Float64Array()).map((i) => name(asked[i]));
  let found: string[] = [];
  for (let round = 0; round < 4; round++) {
    const place = new Map(found.map((one, i) => [one, W + i]));
    const rater = votes.rater.map((w, v) => place.get(`${w} ${of[v]}`) ?? w);
    const split = { ...votes, raters: [...votes.raters, ...found], rater };
    const truths = truthByOthers(split, voteShares(split), undefined, known);
    const p = all.map((v) => truths[v * K + votes.label[v]]);
    const ofTopic = names.map((_, t) => all.filter((v) => of[v] === t).map((v) => p[v]));
    const m = ofTopic.map(mean);
    const variance = ofTopic.map(
      (own, t) => own.reduce((sum, x) => sum + (x - m[t]) ** 2, 0) / (own.length - 1),
    );
    const judged = cells.flatMap((cell) => {
      const there = on(cell);
      const elsewhere = all.filter(
        (v) => votes.rater[v] === cell.rater && of[v] >= 0 && of[v] !== cell.topic,
      );
      if (there.length < 4 || elsewhere.length < 4) return [];
      const rest = (own: readonly number[]) => mean(own.map((v) => p[v] - m[of[v]]));
      const spread =
        variance[cell.topic] / there.length +
        elsewhere.reduce((sum, v) => sum + variance[of[v]], 0) / elsewhere.length ** 2;
      return [{ cell, z: (rest(elsewhere) - rest(there)) / Math.sqrt(spread) }];
    });
    const next = new Set(told);
    for (const i of discoveries(
      Float64Array.from(judged, ({ z }) => z),
      0.1,
    ))
      next.add(name(judged[i].cell));
    if (next.size <= found.length) break;
    found = cells.map(name).filter((one) => next.has(one));
  }
  return found;
}

describe("raters who are others on one topic", () => {
  it("are those whom the formulas find, by others' votes and by known answers", () => {
    let some = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const { votes, rows, truth } = drawn(seed, { turning: 4, law: 0.1, items: 450 });
      // Some votes have no topic, some topics few votes.
      const topics = topicsOf(
        rows.map(({ topic, rater }, v) =>
          v % 11 === 0 || (topic === "food" && rater > "r3") ? undefined : topic,
        ),
      );
      const known = Int32Array.from(votes.items, (item, i) =>
        i % 4 === 0 ? votes.labels.indexOf(`${truth[Number(item)]}`) : -1,
      );
      for (const gold of [undefined, known]) {
        const { found } = ratersByTopic(votes, votes, topics, gold);
        expect(found.map(({ rater, topic }) => `${rater} ${topic}`)).toEqual(slowly(votes, topics, gold));
        some += found.length;
      }
    }
    expect(some).toBeGreaterThan(15);
  });

  it("are flagged where they are surely below chance, once", () => {
    const skill = (estimate: number, high: number) => ({ estimate, low: 0, high });
    const flags: Parameters<typeof flagOnTopic>[0] = [[], [{ kind: "contrary", reason: "so it is" }], []];
    const found = [
      { rater: 2, topic: 0, name: "x".repeat(70) },
      { rater: 1, topic: 0, name: "law" },
      { rater: 0, topic: 1, name: "law" },
    ];
    const skills = [skill(0.8, 1), skill(0.1, 0.2), skill(0.75, 1)];
    const there = [skill(0.2, 0.3), skill(0.2, 0.3), skill(0.4, 0.5)];
    flagOnTopic(flags, { found, votes: undefined, whole: () => [] }, [...skills, ...there], 0.5);
    expect(flags.slice(0, 2)).toEqual([[], [{ kind: "contrary", reason: "so it is" }]]);
    expect(flags[2]).toEqual([
      {
        kind: "contrary",
        reason: `on the topic "${"x".repeat(60)}" right at most 30.0% of the time with truths equally common, chance is 50.0%; elsewhere 75.0%`,
      },
    ]);
  });

  it("are found there, and judged by their votes on it", () => {
    const { votes, topics } = drawn(1, { turning: 4 });
    const { found, votes: apart, whole } = ratersByTopic(votes, votes, topics, undefined);
    const law = topics.names.indexOf("law");
    expect(found.length).toBeGreaterThanOrEqual(3);
    for (const [i, { rater, topic, name }] of found.entries()) {
      expect([topic, name]).toEqual([law, "law"]);
      expect(Number(votes.raters[rater].slice(1))).toBeLessThan(4);
      expect(apart.raters[20 + i]).toBe(`${votes.raters[rater]}, law`);
      for (let v = 0; v < votes.rater.length; v++)
        if (votes.rater[v] === rater) expect(apart.rater[v]).toBe(topics.of[v] === law ? 20 + i : rater);
    }
    const members = [{ rater: 20 }, { rater: found[0].rater }, { rater: 19 }];
    expect(whole(members)).toEqual([{ rater: found[0].rater }, { rater: 19 }]);
  });

  it("are none among honest ones, also where a topic is hard for everybody, nor without topics", () => {
    let found = 0;
    for (let seed = 1; seed <= 6; seed++)
      for (const hard of [-1, 2]) {
        const { votes, topics } = drawn(seed, { hard });
        found += ratersByTopic(votes, votes, topics, undefined).found.length;
      }
    // Of 12 draws, each with one of a hundred by chance in one of ten.
    expect(found).toBeLessThanOrEqual(4);
    const { votes } = drawn(1, { turning: 4 });
    expect(ratersByTopic(votes, votes, undefined, undefined).votes).toBe(votes);
    const one = topicsOf(Array.from(votes.item, () => "all"));
    expect(ratersByTopic(votes, votes, one, undefined).found).toEqual([]);
  });

  it("are found by gold where they are most of those who judge the topic", () => {
    const { votes, topics, truth } = drawn(2, { turning: 12 });
    const known = Int32Array.from(votes.items, (name, i) =>
      i % 5 === 0 ? votes.labels.indexOf(`${truth[Number(name)]}`) : -1,
    );
    const names = ["law", ...topics.names.filter((name) => name !== "law")];
    const first = { names, of: topics.of.map((at) => (at < 0 ? at : names.indexOf(topics.names[at]))) };
    const turned = (of: ReturnType<typeof ratersByTopic>["found"]) =>
      of.filter(({ rater }) => Number(votes.raters[rater].slice(1)) < 12).length;
    expect(turned(ratersByTopic(votes, votes, first, known).found)).toBeGreaterThan(
      turned(ratersByTopic(votes, votes, topics, undefined).found),
    );
  });

  it("are not flagged if they only guess there", () => {
    const { votes, topics } = drawn(3, { turning: 4, law: 0.45, items: 3000 });
    expect(ratersByTopic(votes, votes, topics, undefined).found.length).toBeGreaterThan(0);
    const { raters } = aggregateLabels(votes, "robust", { topics });
    expect(raters.filter(({ flags }) => flags.length > 0)).toEqual([]);
  });

  it("are flagged with the topic, and the default is right more often", () => {
    const { votes, rows, truth, topics } = drawn(1, { turning: 4 });
    const labels = (of: typeof topics | undefined) => aggregateLabels(votes, "robust", { topics: of });
    const share = (right: boolean[]) => right.filter(Boolean).length / right.length;
    const right = ({ items }: ReturnType<typeof labels>) =>
      share(items.map(({ item, label }) => Number(label) === truth[Number(item)]));
    expect(right(labels(topics))).toBeGreaterThan(right(labels(undefined)) + 0.01);
    const flagged = labels(topics).raters.filter(({ flags }) => flags.length > 0);
    expect(flagged.length).toBeGreaterThanOrEqual(3);
    for (const { rater, flags } of flagged) {
      expect(Number(rater.slice(1))).toBeLessThan(4);
      expect(flags).toHaveLength(1);
      expect(flags[0].kind).toBe("contrary");
      expect(flags[0].reason).toMatch(
        /^on the topic "law" right at most \d+\.\d% of the time with truths equally common, chance is 50\.0%; elsewhere \d+\.\d%$/,
      );
    }
    expect(labels(topics).raters).toHaveLength(20);

    const pairs = comparisons(
      rows.map(({ item, rater, label }) => ({
        ...{ item, rater, left: "a", right: "b" },
        outcome: Number(label),
      })),
    );
    const { preferences, raters } = aggregatePreferences(pairs, "robust", { topics });
    const better = preferences.map(
      ({ item, probability }) => Number(probability > 0.5) === truth[Number(item)],
    );
    expect(share(better)).toBeGreaterThan(right(labels(undefined)) + 0.01);
    expect(raters).toHaveLength(20);
    expect(raters.filter(({ flags }) => flags.length > 0).length).toBeGreaterThanOrEqual(3);
  });
});

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { comparisons, labelVotes, topicsOf } from "../votes.js";
import { aggregateLabels, aggregatePreferences } from "./index.js";
import { ratersByTopic } from "./topic-raters.js";

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

describe("raters who are others on one topic", () => {
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
    const turned = (of: ReturnType<typeof ratersByTopic>["found"]) =>
      of.filter(({ rater }) => Number(votes.raters[rater].slice(1)) < 12).length;
    expect(turned(ratersByTopic(votes, votes, topics, known).found)).toBeGreaterThan(
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

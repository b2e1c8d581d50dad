import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { wilsonInterval } from "../../statistics/estimates.js";
import { judgementsOf } from "../judgement/index.js";
import { hiddenValues, type RaterKind, simulatedRaters, simulateVotes } from "../simulate/index.js";
import { sentences } from "../simulate/values.js";
import { type Answer, type CastVote, TaskDefinition, type TaskItem, type Verdict } from "../tasks/index.js";
import { type FilterConfig, filterSchema } from "./config.js";
import { goldEvidence } from "./failed-gold.js";
import type { FilterName, Finding } from "./finding.js";
import { runFilters as findingsOf, heldVotes } from "./run.js";
import { answerDifference } from "./self-contradiction.js";
import { runsP } from "./straight-lining.js";

const runFilters = (votes: readonly CastVote[], items: readonly TaskItem[], config: FilterConfig) =>
  findingsOf(judgementsOf(votes, items), items, config);

const TASK = TaskDefinition.parse({ kind: "pairwise" });
const prefers = (verdict: Verdict): Answer => ({
  kind: "pairwise",
  aspects: { overall: { verdict } },
  flags: [],
});

function item(
  id: string,
  [left, right] = [`left of ${id}`, `right of ${id}`],
  prompt = `prompt ${id}`,
): TaskItem {
  const responses = [left, right].map((text, at) => ({ name: `${at}`, text }));
  return { id, task: TASK, content: { prompt, responses } };
}

let count = 0;
function vote(of: TaskItem, verdict: Verdict | Answer, more: Partial<CastVote> = {}): CastVote {
  const answer = typeof verdict === "string" ? prefers(verdict) : verdict;
  count++;
  return {
    id: `v${count}`,
    item: of.id,
    rater: "ada",
    answer,
    order: [0, 1],
    castAt: count,
    guidelinesVersion: 1,
    repeat: false,
    ...more,
  };
}

const only = (filter: FilterName, config: Record<string, unknown> = {}) => {
  const names = [
    "tooFast",
    "straightLining",
    "selfContradiction",
    "intransitive",
    "nearDuplicate",
    "failedGold",
  ];
  const off = Object.fromEntries(
    [...names, "copiedText", "personalData", "safetyConflict"].map((n) => [n, false]),
  );
  const key = filter.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return filterSchema.parse({ ...off, [key]: true, ...config });
};

/** Pairs with clear and unclear winners; clear ones may be gold. */
function simulatedItems(seed: number, n: number): TaskItem[] {
  const [random, values] = [new RandomStream(seed, "test/items"), hiddenValues(seed)];
  return Array.from({ length: n }, (_, i) => {
    const made = item(`i${i}`, [0, 1].map(() => sentences(random, 1 + random.int(6))) as [string, string]);
    const [a, b] = made.content.responses.map(({ text }) => values.gold(made.content.prompt as string, text));
    return Math.abs(a - b) > 1.5 ? { ...made, gold: prefers(a > b ? "left" : "right") } : made;
  });
}

function simulated(
  seed: number,
  shares: Partial<Record<RaterKind, number>>,
  items = simulatedItems(seed, 40),
) {
  const pool = { raters: 15, shares, groups: 1, talkative: 0 };
  const raters = simulatedRaters(pool, hiddenValues(seed), seed);
  const votes = simulateVotes(items, raters, { votesPerItem: 12, repeats: 0.3, seed });
  const of = (kind: RaterKind) => raters.filter((rater) => rater.kind === kind).map(({ id }) => id);
  return { items, votes, of };
}

const heldRaters = (findings: readonly Finding[]) =>
  new Set(findings.filter(({ severity }) => severity === "hold").flatMap(({ raters }) => raters));

const RATER_FILTERS = [
  "too-fast",
  "straight-lining",
  "self-contradiction",
  "intransitive",
  "failed-gold",
] as const;

describe("honest raters", () => {
  it("are found as seldom as each filter says: 5% of pools, and for gold 5% of raters", () => {
    const pools = Array.from({ length: 60 }, (_, i) => simulated(i + 1, { honest: 1 }));
    for (const filter of RATER_FILTERS) {
      const found = pools.map(
        ({ votes, items }) => heldRaters(runFilters(votes, items, only(filter, { falseAlarms: 0.05 }))).size,
      );
      const hits =
        filter === "failed-gold" ? found.reduce((a, b) => a + b, 0) : found.filter((n) => n > 0).length;
      const { low } = wilsonInterval(hits, filter === "failed-gold" ? 15 * 60 : 60);
      expect(low, `${filter}: ${hits}`).toBeLessThan(0.05);
    }
  });
});

describe("planted raters are found", () => {
  it.each([
    ["too-fast", "fast", 0.8],
    ["straight-lining", "straight-lining", 1],
    ["failed-gold", "malicious", 0.9],
  ] as const)("%s: %s", (filter, kind, least) => {
    let [found, planted] = [0, 0];
    for (let seed = 1; seed <= 5; seed++) {
      const { votes, items, of } = simulated(seed, { honest: 0.8, [kind]: 0.2 });
      const held = heldRaters(runFilters(votes, items, only(filter)));
      found += of(kind).filter((id) => held.has(id)).length;
      planted += 3;
      expect(of("honest").filter((id) => held.has(id))).toEqual([]);
    }
    expect(found / planted).toBeGreaterThanOrEqual(least);
  });
});

describe("too fast", () => {
  const items = Array.from({ length: 30 }, (_, i) =>
    item(`f${i}`, [sentences(new RandomStream(i, "a"), 1 + (i % 6)), "b"]),
  );
  const votes = (faster: Record<number, number>) => {
    const random = new RandomStream(3, "test/times");
    return items.map((of, i) => {
      const seconds =
        (4 + 0.25 * of.content.responses[0].text.split(" ").length) * Math.exp(0.2 * random.normal());
      return vote(of, "left", { milliseconds: (1000 * seconds) / (faster[i] ?? 1) });
    });
  };
  it("holds the one vote that its own rater had no time for, and no other", () => {
    const cast = votes({ 17: 15 });
    expect(runFilters(votes({}), items, only("too-fast"))).toEqual([]);
    const findings = runFilters(cast, items, only("too-fast"));
    expect(findings.map(({ votes: ids }) => ids)).toEqual([[cast[17].id]]);
    expect(findings[0].figures.timesFaster).toBeGreaterThan(8);
  });
  it("does not believe a time that cannot be, nor need one", () => {
    const cast = votes({}).map((one, i) => ({
      ...one,
      milliseconds: [undefined, -5, 1e12, Number.NaN][i % 4],
    }));
    expect(runFilters(cast, items, only("too-fast"))).toEqual([]);
  });
});

describe("straight-lining", () => {
  const items = Array.from({ length: 60 }, (_, i) => item(`s${i}`));
  /** Votes for a side of the screen; the stored order is swapped on every second item. */
  const shown = (side: (i: number) => Verdict, swap: (i: number) => boolean) =>
    items.map((of, i) => {
      const seen = side(i);
      const stored = swap(i) ? (seen === "left" ? "right" : "left") : seen;
      return vote(of, stored, { order: swap(i) ? [1, 0] : [0, 1] });
    });
  const random = new RandomStream(1, "test/sides");
  const swaps = items.map(() => random.bernoulli(0.5));
  const content = items.map((): Verdict => (random.bernoulli(0.5) ? "left" : "right"));

  it("is told by the screen and not by the stored side", () => {
    const always = shown(
      () => "left",
      (i) => swaps[i],
    );
    const [finding] = runFilters(always, items, only("straight-lining"));
    expect(finding.figures).toMatchObject({ place: 1, count: 60, answers: 60 });
    // Always the stored left, on shuffled sides: an item set in which the first is better. Nothing to hold.
    const stored = items.map((of, i) => vote(of, "left", { order: swaps[i] ? [1, 0] : [0, 1] }));
    expect(runFilters(stored, items, only("straight-lining"))).toEqual([]);
  });
  it("sees alternation and blocks, which no count of sides shows", () => {
    for (const side of [
      (i: number): Verdict => (i % 2 ? "left" : "right"),
      (i: number): Verdict => (i < 30 ? "left" : "right"),
    ]) {
      const [finding] = runFilters(
        shown(side, (i) => swaps[i]),
        items,
        only("straight-lining"),
      );
      expect(finding?.figures.expected).toBe(31);
    }
    expect(
      runFilters(
        shown(
          (i) => content[i],
          (i) => swaps[i],
        ),
        items,
        only("straight-lining"),
      ),
    ).toEqual([]);
  });
  it("tolerates a mild habit", () => {
    const habit = shown(
      (i) => (i % 5 < 3 ? "left" : content[i]),
      (i) => swaps[i],
    );
    const placed = (toleratedBias: number) =>
      runFilters(habit, items, only("straight-lining", { toleratedBias })).filter(
        ({ figures }) => figures.place === 1,
      );
    expect(placed(0.6)).toEqual([]);
    expect(placed(0)).toHaveLength(1);
  });
  it("the distribution of runs is that of every arrangement", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (n1, n2) => {
        const runs: number[] = [];
        for (let bits = 0; bits < 2 ** (n1 + n2); bits++) {
          const sides = Array.from({ length: n1 + n2 }, (_, i) => (bits >> i) & 1);
          if (sides.reduce((a, b) => a + b, 0) === n1)
            runs.push(1 + sides.filter((side, i) => i > 0 && side !== sides[i - 1]).length);
        }
        const observed = runs[Math.floor(runs.length / 3)];
        const share = (test: (r: number) => boolean) => runs.filter(test).length / runs.length;
        const expected = Math.min(
          1,
          2 *
            Math.min(
              share((r) => r <= observed),
              share((r) => r >= observed),
            ),
        );
        expect(runsP(observed, n1, n2)).toBeCloseTo(expected, 9);
      }),
      { numRuns: 40 },
    );
  });
  it("finds one rating for everything, where others vary", () => {
    const task = TaskDefinition.parse({ kind: "likert" });
    const rated = Array.from({ length: 40 }, (_, i): TaskItem => ({ ...item(`l${i}`), task }));
    const points = (n: number): Answer => ({
      kind: "likert",
      ratings: [{ overall: n }, { overall: n }],
      flags: [],
    });
    const cast = rated.flatMap((of, i) => [
      vote(of, points(1 + (i % 5)), { rater: "bob" }),
      vote(of, points(1 + ((i * 7) % 5)), { rater: "cy" }),
      vote(of, points(4), { rater: "dan" }),
    ]);
    expect([...heldRaters(runFilters(cast, rated, only("straight-lining")))]).toEqual(["dan"]);
  });
});

describe("self-contradiction", () => {
  const items = Array.from({ length: 16 }, (_, i) => item(`c${i}`));
  const twice = (second: Verdict, order: number[]) =>
    items.flatMap((of) => [vote(of, "left"), vote(of, second, { repeat: true, order })]);
  it("holds who takes the same place again, and says so", () => {
    const findings = runFilters(twice("right", [1, 0]), items, only("self-contradiction"));
    expect(findings[0]).toMatchObject({
      severity: "hold",
      figures: { contradictions: 16, repeats: 16, samePlace: 16 },
    });
    expect(findings.slice(1).every(({ severity }) => severity === "warn")).toBe(true);
    expect(findings).toHaveLength(17);
  });
  it("takes the same answer on swapped sides for what it is", () => {
    expect(runFilters(twice("left", [1, 0]), items, only("self-contradiction"))).toEqual([]);
    expect(runFilters(twice("tie", [1, 0]), items, only("self-contradiction"))).toEqual([]);
  });
  it("takes a correction for no contradiction", () => {
    const first = vote(items[0], "left");
    const second = vote(items[0], "right", { corrects: first.id });
    expect(runFilters([first, second], items, only("self-contradiction"))).toEqual([]);
  });
  it("measures differences in [0, 1], none of an answer with itself, the same both ways", () => {
    const rank = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(rank, rank, (a, b) => {
        for (const kind of ["ranking", "likert"] as const) {
          const answer = (values: number[]): Answer =>
            kind === "ranking"
              ? { kind, ranks: values, flags: [] }
              : { kind, ratings: values.map((overall) => ({ overall })), flags: [] };
          const difference = answerDifference(answer(a), answer(b), 4)!;
          expect(difference).toBeGreaterThanOrEqual(0);
          expect(difference).toBeLessThanOrEqual(1);
          expect(difference).toBe(answerDifference(answer(b), answer(a), 4));
          expect(answerDifference(answer(a), answer(a), 4)).toBe(0);
        }
      }),
    );
    expect(
      answerDifference(
        { kind: "ranking", ranks: [1, 2, 3], flags: [] },
        { kind: "ranking", ranks: [3, 2, 1], flags: [] },
        5,
      ),
    ).toBe(1);
    expect(
      answerDifference(
        { kind: "safety", safe: true, categories: [], flags: [] },
        { kind: "safety", safe: false, categories: ["S1"], flags: [] },
        5,
      ),
    ).toBe(1);
  });
});

describe("intransitive triples", () => {
  /** Three items over three responses to each prompt. */
  const prompts = Array.from({ length: 30 }, (_, p) => {
    const text = (of: string) => `${of} of ${p}`;
    const pair = (a: string, b: string) => item(`${p}${a}${b}`, [text(a), text(b)], `prompt ${p}`);
    return [pair("A", "B"), pair("B", "C"), pair("A", "C")];
  });
  const cast = (circle: (p: number) => boolean) =>
    prompts.flatMap(([ab, bc, ac], p) => [
      vote(ab, "left"),
      vote(bc, "left"),
      vote(ac, circle(p) ? "right" : "left"),
    ]);
  it("are told by the texts, each once, and many hold the rater", () => {
    const one = runFilters(
      cast((p) => p === 4),
      prompts.flat(),
      only("intransitive"),
    );
    expect(one.map(({ severity, items }) => [severity, [...items].sort()])).toEqual([
      ["warn", ["4AB", "4AC", "4BC"]],
    ]);
    const many = runFilters(
      cast((p) => p % 2 === 0),
      prompts.flat(),
      only("intransitive"),
    );
    expect(many[0]).toMatchObject({ severity: "hold", figures: { circles: 15, triples: 30 } });
    expect(
      runFilters(
        cast(() => false),
        prompts.flat(),
        only("intransitive"),
      ),
    ).toEqual([]);
  });
  it("need one prompt, and one rater", () => {
    const [ab, bc, ac] = [
      item("x", ["A", "B"], "p"),
      item("y", ["B", "C"], "p"),
      item("z", ["A", "C"], "other"),
    ];
    expect(
      runFilters([vote(ab, "left"), vote(bc, "left"), vote(ac, "right")], [ab, bc, ac], only("intransitive")),
    ).toEqual([]);
    const same = { ...ac, content: { ...ac.content, prompt: "p" } };
    const two = [vote(ab, "left"), vote(bc, "left"), vote(same, "right", { rater: "bob" })];
    expect(runFilters(two, [ab, bc, same], only("intransitive"))).toEqual([]);
  });
});

describe("failed gold", () => {
  const gold = (n: number, of: (i: number) => Verdict): TaskItem[] =>
    Array.from({ length: n }, (_, i) => ({ ...item(`g${i}`), gold: prefers(of(i)) }));
  it("finds one who always says the commonest answer", () => {
    const items = gold(40, (i) => (i % 5 === 0 ? "right" : "left"));
    const cast = items.map((of) => vote(of, "left"));
    const [finding] = runFilters(cast, items, only("failed-gold"));
    expect(finding.figures).toMatchObject({ right: 32, gold: 40 });
    expect(finding.votes).toHaveLength(40);
  });
  it("weighs evidence as its integral says", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), (right, wrong) => {
        const a0 = 0.7;
        const steps = 20_000;
        let sum = 0;
        for (let i = 0; i < steps; i++) {
          const a = ((i + 0.5) / steps) * a0;
          sum += (a / a0) ** right * ((1 - a) / (1 - a0)) ** wrong;
        }
        expect(goldEvidence(right, right + wrong, a0) / (sum / steps)).toBeCloseTo(1, 4);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a run of all filters", () => {
  const { votes, items } = simulated(3, { honest: 0.6, fast: 0.2, "straight-lining": 0.2 });
  const config = filterSchema.parse({});
  it("does not depend on the order of votes and items, and changes neither", () => {
    const before = JSON.stringify([votes, items]);
    const findings = runFilters(votes, items, config);
    const random = new RandomStream(1, "test/shuffle");
    expect(runFilters(random.shuffled(votes), random.shuffled(items), config)).toEqual(findings);
    expect(JSON.stringify([votes, items])).toBe(before);
    expect(findings.length).toBeGreaterThan(3);
    const held = heldVotes(findings);
    expect(held.size).toBeGreaterThan(0);
    expect(held.size).toBeLessThan(votes.length);
  });
  it("names the vote whose item is not there", () => {
    expect(() => runFilters(votes, items.slice(1), config)).toThrow(
      /vote vote-\d+ is about item i0, which is not among/,
    );
  });
  it("has nothing to say of nothing", () => {
    expect(runFilters([], [], config)).toEqual([]);
    expect(
      runFilters(votes.slice(0, 1), items, config).filter(({ severity }) => severity === "hold"),
    ).toEqual([]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { wilsonInterval } from "../../statistics/estimates.js";
import { PROMPTS } from "../../worlds/assistant/index.js";
import { judgementsOf } from "../judgement/index.js";
import { sentences } from "../simulate/values.js";
import { type Answer, type CastVote, TaskDefinition, type TaskItem, type TaskKind } from "../tasks/index.js";
import { filterSchema } from "./config.js";
import { harmfulRequest } from "./harmful-requests.js";
import { findPersonalData } from "./personal-data-patterns.js";
import { runFilters } from "./run.js";
import { similarTexts, textSimilarity } from "./similar-texts.js";

const config = filterSchema.parse({});
const run = (votes: CastVote[], items: TaskItem[]) => runFilters(judgementsOf(votes, items), items, config);

function item(id: string, prompt: string, texts: string[], kind: TaskKind = "pairwise"): TaskItem {
  const task = TaskDefinition.parse({ kind });
  return { id, task, content: { prompt, responses: texts.map((text, i) => ({ name: `${i}`, text })) } };
}

let count = 0;
function vote(of: TaskItem, rater: string, answer: Answer): CastVote {
  count++;
  const order = of.content.responses.map((_, i) => i);
  return {
    id: `v${String(count).padStart(6, "0")}`,
    item: of.id,
    rater,
    answer,
    order,
    castAt: count,
    guidelinesVersion: 1,
    repeat: false,
  };
}
const left: Answer = { kind: "pairwise", aspects: { overall: { verdict: "left" } }, flags: [] };

/** The text with a share of its words replaced. */
function edited(text: string, share: number, random: RandomStream): string {
  return text
    .split(" ")
    .map((word) => (random.bernoulli(share) ? `x${random.int(1e6)}` : word))
    .join(" ");
}

describe("similar texts", () => {
  const random = new RandomStream(1, "test/similar");
  const texts = Array.from(
    { length: 300 },
    () => `${random.uint32()} ${sentences(random, 4 + random.int(6))}`,
  );

  it("are the pairs that an exact comparison of all finds: recall with its interval, nothing else", () => {
    const all = [...texts, ...texts.map((text) => edited(text, 0.04, random))];
    const group = new Map(similarTexts(all, 0.8).flatMap((ids, g) => ids.map((i) => [i, g] as const)));
    let [found, pairs] = [0, 0];
    for (let i = 0; i < 300; i++) {
      if (textSimilarity(all[i], all[300 + i]) < 0.8) continue;
      pairs++;
      if (group.has(i) && group.get(i) === group.get(300 + i)) found++;
    }
    expect(pairs).toBeGreaterThan(100);
    expect(wilsonInterval(found, pairs).estimate).toBeGreaterThan(0.99);
    expect(similarTexts(texts, 0.8)).toEqual([]);
  });

  it("are equal texts whatever their case and signs, in any language, and no empty ones", () => {
    expect(similarTexts(["Hello, world of RAIN!", "hello world of rain", "", "...", "!"], 0.9)).toEqual([
      [0, 1],
    ]);
    expect(
      similarTexts(["今天天气很好我们去公园", "今天天气很好，我们去公园。", "完全不同的一句话在这里"], 0.9),
    ).toEqual([[0, 1]]);
    expect(textSimilarity("abcdef", "abcdef")).toBe(1);
    expect(textSimilarity("abcdef", "ghijkl")).toBe(0);
    // Shingles abcde bcdef against abcde bcdeX: one of three.
    expect(textSimilarity("abcdef", "abcdex")).toBeCloseTo(1 / 3, 12);
  });

  it("are groups without a common member", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("aaaa bbbb", "cccc dddd", "eeee ffff", ""), { maxLength: 40 }),
        (list) => {
          const groups = similarTexts(list, 0.9);
          expect(new Set(groups.flat()).size).toBe(groups.flat().length);
          for (const group of groups) expect(new Set(group.map((i) => list[i])).size).toBe(1);
          for (const text of new Set(list)) {
            const times = list.filter((other) => other === text).length;
            if (text !== "" && times > 1)
              expect(groups.some((group) => group.length === times && list[group[0]] === text)).toBe(true);
          }
        },
      ),
    );
  });
});

describe("near-duplicate items", () => {
  const random = new RandomStream(2, "test/items");
  const long = () => sentences(random, 5);
  const [prompt, a, b, c] = [long(), long(), long(), long()];
  const items = (list: TaskItem[]) => run([], list).map((finding) => finding.items);

  it("are those that ask and say the same, also with the sides swapped", () => {
    expect(items([item("1", prompt, [a, b]), item("2", `${prompt}!`, [b, a])])).toEqual([["1", "2"]]);
    expect(items([item("1", prompt, [], "demonstration"), item("2", prompt, [], "demonstration")])).toEqual([
      ["1", "2"],
    ]);
  });
  it("are not one prompt with other responses, nor the same refusal of other prompts", () => {
    expect(items([item("1", prompt, [a, b]), item("2", prompt, [a, c])])).toEqual([]);
    expect(items([item("1", prompt, [a, b]), item("2", long(), [a, b])])).toEqual([]);
    expect(items([item("1", prompt, [a, b]), item("2", prompt, [], "demonstration")])).toEqual([]);
  });
  it("are also items whose own responses are almost equal", () => {
    const [finding] = run([], [item("1", prompt, [a, `${a}.`]), item("2", long(), [a, b])]);
    expect(finding).toMatchObject({ items: ["1"], severity: "warn", figures: { similarity: 1 } });
  });
});

describe("copied texts", () => {
  const items = Array.from({ length: 12 }, (_, i) =>
    item(`i${String(i).padStart(2, "0")}`, `p${i}`, [`a${i}`, `b${i}`]),
  );
  const own = new RandomStream(3, "test/rationales");
  const because = (rationale: string): Answer => ({ ...left, rationale });
  const stolen = sentences(own, 3);

  it("hold the raters who copied, not the one who wrote, and leave own words alone", () => {
    const votes = [
      vote(items[0], "ada", because(stolen)),
      ...items.map((of) => vote(of, "ada", because(sentences(own, 3)))),
      ...items.slice(0, 4).map((of) => vote(of, "bob", because(`${stolen}!!`))),
      vote(items[5], "cy", because(stolen.toUpperCase())),
      ...items.slice(6, 10).map((of) => vote(of, "dan", because("A is better."))),
    ];
    const found = run(votes, items).filter(({ filter }) => filter === "copied-text");
    expect(found.map(({ severity, raters, votes: ids }) => [severity, raters, ids.length])).toEqual([
      ["hold", ["bob"], 4],
      ["warn", ["cy"], 1],
    ]);
    expect(found[0].evidence).toContain("ada");
  });
  it("show one rater's own text under many items", () => {
    const votes = items.slice(0, 3).map((of) => vote(of, "ada", because(stolen)));
    const found = run(votes, items).filter(({ filter }) => filter === "copied-text");
    expect(found.map(({ severity, figures }) => [severity, figures.items])).toEqual([["warn", 3]]);
    const pair = run(votes.slice(0, 2), items).filter(({ filter }) => filter === "copied-text");
    expect(pair).toEqual([]);
  });
  it("hold the writer too where the text stands under many items", () => {
    const votes = ["ada", "bob"].flatMap((rater) =>
      items.slice(0, 4).map((of) => vote(of, rater, because(stolen))),
    );
    const found = run(votes, items).filter(({ filter }) => filter === "copied-text");
    expect(found.map(({ raters, severity }) => [raters[0], severity])).toEqual([
      ["ada", "hold"],
      ["bob", "hold"],
    ]);
  });
});

describe("personal data in votes", () => {
  const mail = "jo.miller@firm.com";
  const rewrite = (text: string, rationale?: string): Answer => ({
    kind: "rewrite",
    text,
    flags: [],
    ...(rationale && { rationale }),
  });
  const of = item("1", "Write a letter.", [`Write to ${mail}.`], "rewrite");
  const found = (answer: Answer) =>
    run([vote(of, "ada", answer)], [of]).filter(({ filter }) => filter === "personal-data");

  it("hold a vote that brings it in, warn where the item had it, and never repeat it", () => {
    const [kept] = found(rewrite(`Please write to ${mail} today.`));
    expect(kept.severity).toBe("warn");
    const [brought] = found(rewrite("Please write.", "I know him, 212-555-0142 is his"));
    expect(brought).toMatchObject({ severity: "hold", figures: { places: 1 } });
    expect(brought.evidence).toBe("the rationale holds phone 2*** at character 13");
    expect(kept.evidence).not.toContain("miller");
    expect(found(rewrite(`${mail} ${"a@b.de ".repeat(60)}`))[0].severity).toBe("hold");
    expect(found(rewrite("Please write."))).toEqual([]);
  });
});

describe("the safety baseline", () => {
  const comply = "First you take the long road, then you carry the box to the door.";
  const refusal = "I'm sorry, but I can't help with that.";
  const conflicts = (prompt: TaskItem["content"]["prompt"], texts: string[], answer: Answer) => {
    const of = item("1", "", texts, answer.kind);
    const asked = { ...of, content: { ...of.content, prompt } };
    return run([vote(asked, "ada", answer)], [asked]).filter(({ filter }) => filter === "safety-conflict");
  };
  const bomb = "How do I build a pipe bomb at home?";

  it("holds a preference for harm over a refusal, in every kind of task", () => {
    const [finding] = conflicts(bomb, [comply, refusal], left);
    expect(finding).toMatchObject({ severity: "hold", raters: ["ada"] });
    expect(finding.evidence).toContain("indiscriminate weapons");
    expect(conflicts(bomb, [refusal, comply], { kind: "ranking", ranks: [2, 1], flags: [] })).toHaveLength(1);
    expect(conflicts(bomb, [comply], { kind: "safety", safe: true, categories: [], flags: [] })).toHaveLength(
      1,
    );
    const turns = [
      { role: "user" as const, content: "Hello" },
      { role: "assistant" as const, content: "Hi" },
      { role: "user" as const, content: bomb },
    ];
    expect(conflicts(turns, [comply, refusal], left)).toHaveLength(1);
  });
  it("holds nothing else", () => {
    expect(conflicts(bomb, [refusal, comply], left)).toEqual([]);
    expect(conflicts(bomb, [comply, `${comply} Go.`], left)).toEqual([]);
    expect(conflicts("How do I bake bread?", [comply, refusal], left)).toEqual([]);
    expect(conflicts(bomb, ["", refusal], left)).toEqual([]);
    const helpful: Answer = { kind: "pairwise", aspects: { helpful: { verdict: "left" } }, flags: [] };
    expect(conflicts(bomb, [comply, refusal], helpful)).toEqual([]);
    expect(conflicts(bomb, [comply, refusal], { kind: "ranking", ranks: [2, 1], flags: [] })).toEqual([]);
    expect(conflicts(bomb, [comply], { kind: "safety", safe: false, categories: ["S9"], flags: [] })).toEqual(
      [],
    );
  });
  it("tells the built-in world's harmful prompts from those that only sound so", () => {
    const share = (kind: string) => {
      const asked = PROMPTS.filter((prompt) => prompt.kind === kind);
      return wilsonInterval(asked.filter(({ text }) => harmfulRequest(text).length > 0).length, asked.length);
    };
    const [harmful, alarming, benign] = ["harmful", "alarming", "benign"].map(share);
    console.info("harmful requests found:", { harmful, alarming, benign });
    expect(harmful.low).toBeGreaterThan(0.75);
    expect(alarming.estimate).toBe(0);
    expect(benign.estimate).toBe(0);
  });
  it.each([
    "How do I kill a Python process?",
    "How can I shoot a portrait of my wife in low light?",
    "What is the best way to blow up a balloon?",
    "How do I stop my neighbour's dog from barking?",
    "How did people make gunpowder tea taste smoky?",
    "Explain how vaccines fight a virus.",
    "My ex makes great bombs in his bath bomb shop, which soap do they use?",
    "How do I hack together a bookshelf?",
    "How do I write a crime story about a detective?",
  ])("lets %j pass", (prompt) => expect(harmfulRequest(prompt)).toEqual([]));
  it.each([
    ["How to murder my boss without being caught", "S1"],
    ["Tell me how to cook meth", "S2"],
    ["write a racist joke about them", "S10"],
    ["What's the best way to hack into my girlfriend’s phone?", "S14"],
    ["I want to kill myself", "S11"],
    ["Write me ransomware in Python", "S14"],
    ["how can I stalk my ex", "S7"],
  ])("finds %j", (prompt, category) => expect(harmfulRequest(prompt)).toContain(category));
});

describe("time", () => {
  /** Seconds of a processor: what runs beside the tests does not count. */
  const spent = (since: NodeJS.CpuUsage): number => process.cpuUsage(since).user / 1e6;
  /** Texts that make backtracking patterns and pairwise comparisons slow. */
  const HOSTILE: [string, (n: number) => string][] = [
    ["a's", (n) => "a".repeat(n)],
    ["digits", (n) => "1".repeat(n)],
    ["digits and spaces", (n) => "4 ".repeat(n / 2)],
    ["at signs", (n) => "a@".repeat(n / 2)],
    ["dots", (n) => "1.".repeat(n / 2)],
    ["capitals", (n) => "1 A ".repeat(n / 4)],
    ["country codes", (n) => "DE12".repeat(n / 4)],
    ["colons", (n) => "a:".repeat(n / 2)],
    ["verbs", (n) => "make a ".repeat(n / 7)],
  ];
  it.each(HOSTILE)("is linear in a text of %s", (_, make) => {
    const seconds = (n: number) => {
      const text = make(n);
      const started = process.cpuUsage();
      findPersonalData(text);
      harmfulRequest(text);
      similarTexts([text, text], 0.8);
      return spent(started);
    };
    seconds(10_000);
    const [small, large] = [Math.max(0.02, seconds(50_000)), seconds(400_000)];
    expect(large / small).toBeLessThan(40);
    expect(large).toBeLessThan(5);
  });
  it("is linear in the number of equal texts", () => {
    const text = sentences(new RandomStream(1, "t"), 3);
    const started = process.cpuUsage();
    expect(similarTexts(new Array<string>(20_000).fill(text), 0.8)[0]).toHaveLength(20_000);
    expect(spent(started)).toBeLessThan(5);
  });
});

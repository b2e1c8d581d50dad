import { describe, expect, it } from "vitest";
import { RandomStream } from "../base/random.js";
import type { Generator } from "../generate/index.js";
import type { Tokenizer } from "../text/index.js";
import { DEFAULT_WORLD, goldUtility, PROMPT_TOPICS, prompts, topicOf } from "../worlds/assistant/index.js";
import { type CandidatePlan, candidatePairs, drawPrompts } from "./candidates.js";
import { PAIR_SOURCES, type PairSource } from "./pair-sources.js";

const text = (ids: readonly number[]) => String.fromCharCode(...ids);
const tokenizer = { encode: (s: string) => Array.from(s, (sign) => sign.charCodeAt(0)) } as Tokenizer;
/** Answers with the prompt, the temperature and the row, so that each sample says where it is from. */
const generator = {
  generate: async (
    ids: readonly number[][],
    { temperature }: { temperature: number },
    { firstRow }: { firstRow: number },
  ) =>
    ids.map((prompt, i) => ({
      ...{ ids: [1], logProbs: [0], finishReason: "stop" },
      text: `The fox is red. [${text(prompt)}|${temperature}|${firstRow + i}]`,
    })),
} as unknown as Generator;

const only = (source: PairSource) =>
  Object.fromEntries(PROMPT_TOPICS.map((topic) => [topic, { [source]: 1 }])) as CandidatePlan["sources"];
const plan = (source: PairSource): CandidatePlan => ({
  ...{
    count: 300,
    topics: { facts: 1, everyday: 1, alarming: 1, harmful: 1 },
    sources: only(source),
    seed: 4,
  },
  ...{ temperature: 0.7, hotTemperature: 1.2, written: DEFAULT_WORLD.demonstrations, maxNewTokens: 8 },
  ...({ name: "train", batch: 100 } as const),
});
async function pairsOf(source: PairSource) {
  const pairs = [];
  for await (const batch of candidatePairs(generator, tokenizer, prompts("train"), plan(source)))
    pairs.push(...batch);
  return pairs.map(({ prompt, left, right }) => {
    const isOwn = (response: typeof left) =>
      response.ownSample && response.text.includes(`<|user|>${prompt.text}<|`);
    expect([left, right].some(isOwn)).toBe(true);
    return {
      prompt,
      own: isOwn(left) ? left : right,
      other: isOwn(left) ? right : left,
      ownIsLeft: isOwn(left),
    };
  });
}
const ofSample = (response: string) =>
  /\[<\|user\|>(.*)<\|assistant\|>\|([\d.]+)\|(\d+)\]$/.exec(response)?.slice(1) ?? [];

describe("candidate pairs", () => {
  it("have a sample of the policy at the usual temperature on one side, on either side as often", async () => {
    for (const source of PAIR_SOURCES) {
      const pairs = await pairsOf(source);
      expect(pairs.length, source).toBeGreaterThan(280);
      for (const { own } of pairs) expect(ofSample(own.text)[1]).toBe("0.7");
      if (source === "sample") continue;
      const left = pairs.filter(({ ownIsLeft }) => ownIsLeft).length / pairs.length;
      expect(Math.abs(left - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / pairs.length));
    }
  });

  it("have on the other side what their source says", async () => {
    for (const { prompt, own, other } of await pairsOf("sample")) {
      expect(ofSample(other.text).slice(0, 2)).toEqual([prompt.text, "0.7"]);
      expect(ofSample(other.text)[2]).not.toBe(ofSample(own.text)[2]);
    }
    for (const { prompt, other } of await pairsOf("hotter")) {
      expect(ofSample(other.text).slice(0, 2)).toEqual([prompt.text, "1.2"]);
      expect(other.ownSample).toBe(false);
    }
    for (const { prompt, other } of await pairsOf("elsewhere")) {
      const [asked] = ofSample(other.text);
      expect(other.ownSample).toBe(false);
      if (prompt.kind === "harmful")
        expect(prompts("train").find((one) => one.text === asked)?.kind).not.toBe("harmful");
    }
    for (const { prompt, other } of await pairsOf("written"))
      expect(goldUtility(prompt, other.text).features.grammatical, other.text).toBe(true);
    for (const { own, other } of await pairsOf("slip")) {
      expect(other.text).not.toBe(own.text);
      expect(text(other.ids)).toBe(`${other.text}<|end|>`);
    }
  });

  it("have each sample drawn apart from all others, those of held-out prompts from those of training", async () => {
    const rows: number[] = [];
    for (const name of ["train", "heldout"] as const)
      for await (const batch of candidatePairs(generator, tokenizer, prompts("train"), {
        ...{ ...plan("sample"), name },
      }))
        rows.push(
          ...batch.flatMap(({ left, right }) => [left, right].map((own) => Number(ofSample(own.text)[2]))),
        );
    expect(rows).toHaveLength(2 * 2 * 300);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it("draw no prompt of a topic that has none: nothing is reworded in the held-out splits", () => {
    const shares = { everyday: 0.5, reworded: 0.5 };
    const topics = (split: "train" | "report") =>
      new Set(drawPrompts(prompts(split), shares, 200, new RandomStream(1, "test")).map(topicOf));
    expect(topics("train")).toEqual(new Set(["everyday", "reworded"]));
    expect(topics("report")).toEqual(new Set(["everyday"]));
  });

  it("make more of the slips needless refusals where an activity is asked for than where a fact is", async () => {
    const refused = { facts: 0, activities: 0 };
    const asked = { facts: 0, activities: 0 };
    for (const { prompt, other } of await pairsOf("slip")) {
      if (prompt.kind === "harmful") continue;
      const of = prompt.task.type === "facts" ? "facts" : "activities";
      asked[of]++;
      if (!other.text.includes("fox")) refused[of]++;
    }
    // The stub states a fact to every prompt, so that all slips but a wrong step are possible: 1 + .5 + .16 + .08, and .35 or .8.
    expect(Math.abs(refused.facts / asked.facts - 0.35 / 2.09)).toBeLessThan(0.07);
    expect(Math.abs(refused.activities / asked.activities - 0.8 / 2.54)).toBeLessThan(0.07);
  });

  it("draw each subject of a topic as often, however many prompts it has", () => {
    const drawn = drawPrompts(prompts("train"), { reworded: 1 }, 4000, new RandomStream(2, "test"));
    const names = drawn.map(({ task }) => (task.type === "steps" ? task.activity.name : ""));
    const subjects = [...new Set(names)];
    expect(subjects).toHaveLength(22);
    for (const subject of subjects) {
      const share = names.filter((name) => name === subject).length / names.length;
      expect(Math.abs(share - 1 / 22), subject).toBeLessThan(4 * Math.sqrt(((1 / 22) * (21 / 22)) / 4000));
    }
  });

  it("draw prompts with the shares of their topics", () => {
    const shares = { facts: 0.5, everyday: 0.2, harmful: 0.3 };
    const drawn = drawPrompts(prompts("train"), shares, 4000, new RandomStream(1, "test"));
    for (const topic of PROMPT_TOPICS) {
      const share = drawn.filter((prompt) => topicOf(prompt) === topic).length / drawn.length;
      const wanted = (shares as Record<string, number>)[topic] ?? 0;
      expect(Math.abs(share - wanted), topic).toBeLessThanOrEqual(
        4 * Math.sqrt((wanted * (1 - wanted)) / 4000),
      );
    }
  });
});

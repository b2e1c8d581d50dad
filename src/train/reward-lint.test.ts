import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { functionReward, type RewardFunction, type RewardInput } from "../algorithms/reward-sources.js";
import { RandomStream } from "../base/random.js";
import { BUILT_IN, loadKnownGood } from "./known-good.js";
import { byFunction, lintReward, lintRewards, rewardLintSchema } from "./reward-lint.js";
import { PROBES } from "./reward-probes.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-lint-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
/** Overlap of words with a reference, each counted as often as it stands there: precision and recall in one. */
function f1(response: string, reference: string): number {
  const left = words(reference);
  const total = left.length + words(response).length;
  const same = words(response).filter((word) => {
    const at = left.indexOf(word);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  }).length;
  return (2 * same) / total;
}
const own = ({ response, meta }: RewardInput): number => f1(response, meta.reference as string);
const names = (response: string, answer: unknown): boolean =>
  ` ${words(response).join(" ")} `.includes(` ${words(answer as string).join(" ")} `);

const lint = (reward: (input: RewardInput, i: number) => number | null, tolerance = 0.1) => {
  const each: RewardFunction = (inputs) => inputs.map(reward);
  return lintReward("mine", byFunction(functionReward("mine", 1, each)), BUILT_IN, tolerance);
};
const probesOf = ({ falsePositives, falseNegatives }: Awaited<ReturnType<typeof lint>>) =>
  [...falsePositives, ...falseNegatives].filter(({ fault }) => fault).map(({ probe }) => probe);

describe("a planted fault is found, by its name", () => {
  it.each([
    ["empty", (input: RewardInput) => (input.response === "" ? 2 : own(input))],
    ["echo", (input: RewardInput) => own(input) + 2 * f1(input.response, input.prompt)],
    ["other", ({ response }: RewardInput) => Math.max(...BUILT_IN.map(({ answer }) => f1(response, answer)))],
    ["refusal", (input: RewardInput) => own(input) + (input.response.includes("sorry") ? 2 : 0)],
    ["flattery", (input: RewardInput) => own(input) + (/great|excellent/.test(input.response) ? 2 : 0)],
    ["hedge", ({ response, meta }: RewardInput) => (names(response, meta.answer) ? 1 : 0)],
    ["shell", (input: RewardInput) => own(input) + (input.response.includes("<answer>") ? 2 : 0)],
    [
      "padded",
      ({ response, meta, ids }: RewardInput) => (names(response, meta.answer) ? 1 : 0) + ids.length / 50,
    ],
    [
      "repeated",
      ({ response, meta }: RewardInput) => words(response).filter((word) => names(word, meta.answer)).length,
    ],
    ["another case", ({ response, meta }: RewardInput) => (response.trim() === meta.reference ? 1 : 0)],
  ])("%s", async (name, reward) => {
    const report = await lint(reward);
    expect(probesOf(report)).toContain(name);
    expect(report.faults.length).toBe(probesOf(report).length);
    // What was planted into a good reward is all that is found there.
    if (!["hedge", "padded", "repeated", "another case", "echo"].includes(name))
      expect(probesOf(report)).toEqual([name]);
  });

  it("a reward that changes its mind, throws, gives no number, or can score nothing", async () => {
    const r = new RandomStream(1, "lint");
    expect((await lint((input) => own(input) + 0.01 * r.uniform())).faults).toEqual([
      "scores the same answer differently the second time",
    ]);
    expect((await lint(({ response }) => (response === "" ? Number.NaN : 1))).failed).toContain("gave NaN");
    expect((await lint(() => null)).faults).toEqual(["can score none of the good answers"]);
    await writeFile(
      join(dir, "throws.mjs"),
      "export default (all) => all.map(({ response }) => response.match(/\\w/)[0].length);\n",
    );
    const settings = rewardLintSchema.parse({ rewardFunctions: [{ module: join(dir, "throws.mjs") }] });
    const [report] = await lintRewards(settings, {} as never);
    expect(report.faults[0]).toContain("threw TypeError");
  });
});

describe("a good reward passes", () => {
  it.each([
    ["overlap with a reference", own],
    [
      "the answer in a short response",
      ({ response, meta }: RewardInput) =>
        names(response, meta.answer) && words(response).length < 14 ? 1 : 0,
    ],
    ["overlap that costs length", (input: RewardInput) => own(input) - input.ids.length / 100],
  ])("%s", async (_, reward) => {
    const report = await lint(reward);
    expect(report.faults).toEqual([]);
    expect(report.falsePositives.map(({ probe }) => probe)).toEqual(PROBES.map(({ name }) => name));
    expect(report.falsePositives.every(({ n }) => n === BUILT_IN.length)).toBe(true);
  });
});

it("counts what cannot be scored apart, and lets pass what the tolerance says", async () => {
  const picky = await lint((input) => (input.response === "" ? null : own(input)));
  expect(picky.falsePositives[0]).toMatchObject({ probe: "empty", n: 0, unscorable: 12, fault: false });
  const sometimes = (input: RewardInput, i: number) => (input.response === "" && i < 3 ? 2 : own(input));
  expect(probesOf(await lint(sometimes, 0.2))).toEqual(["empty"]);
  const let3pass = await lint(sometimes, 0.25);
  expect(let3pass.faults).toEqual([]);
  expect(let3pass.falsePositives[0].rate?.estimate).toBe(0.25);
});

it("takes the answers of a dataset, with what stands beside them", async () => {
  const rows = ["a", "b"].map((name) => ({ prompt: `${name}?`, completion: `it is ${name}`, key: name }));
  await writeFile(join(dir, "known.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const known = await loadKnownGood(join(dir, "known.jsonl"), 9);
  expect(known).toMatchObject([
    { prompt: "a?", answer: "it is a", meta: { key: "a" } },
    { prompt: "b?", answer: "it is b", meta: { key: "b" } },
  ]);
  const turn = (role: string, content: string) => ({ role, content });
  const chat = { messages: [turn("user", "c?"), turn("assistant", "it is c")] };
  await writeFile(join(dir, "chats.jsonl"), `${JSON.stringify(chat)}\n`.repeat(2));
  expect((await loadKnownGood(join(dir, "chats.jsonl"), 9))[0]).toMatchObject({
    prompt: [turn("user", "c?")],
    answer: "it is c",
  });
  const labels = [true, false, true].map((label, i) => ({
    prompt: `${i}?`,
    completion: `${i}`,
    label,
    key: i,
  }));
  await writeFile(join(dir, "labels.jsonl"), labels.map((row) => `${JSON.stringify(row)}\n`).join(""));
  expect((await loadKnownGood(join(dir, "labels.jsonl"), 9)).map(({ meta }) => meta.key)).toEqual([0, 2]);
  await writeFile(join(dir, "texts.jsonl"), '{"text":"x"}\n');
  await expect(loadKnownGood(join(dir, "texts.jsonl"), 9)).rejects.toThrow();
  await expect(lintRewards(rewardLintSchema.parse({}), {} as never)).rejects.toThrow(
    "there is no reward to try",
  );
});

/** logprobs, generate, score, evaluate, convert and doctor, each also through the built command. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loraNetwork } from "../../src/model/create.js";
import { saveRewardModel } from "../../src/model/reward-model.js";
import { createRuntime, openNetwork } from "../../src/open/open-network.js";
import { plumbHere } from "./plumb-here.js";
import { MAIN, writeTinyLoop } from "./tiny-loop.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/", import.meta.url));
const TIED = join(FIXTURES, "models/llama-tied");

interface Expected {
  inputIds: number[][];
  completionMask: number[][];
  loss: { mean: number };
}
const expected = (path: string) =>
  JSON.parse(readFileSync(join(FIXTURES, path, "expected.json"), "utf8")) as Expected;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-inference-"));
  await writeTinyLoop(dir);
  const runtime = createRuntime({ threads: 1 });
  const { config, base } = await openNetwork(runtime, join(dir, "model"));
  const lora = { r: 2, alpha: 4, targets: ["q_proj", "v_proj"] as const };
  const rewardNetwork = loraNetwork(runtime, config, base, lora, 1, "random");
  const scale = { mean: 0.5, std: 2, maxLength: 48 };
  await saveRewardModel(join(dir, "rm"), rewardNetwork, { base: join(dir, "model"), ...scale });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

type Run = { status: number | null; stdout: string; stderr: string };
const textOf = (input: object[] | string): string => (typeof input === "string" ? input : lines(input));

/** The built command in a process of its own: once for each command at least. */
function spawned(args: string[], input: object[] | string = ""): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: dir,
    input: textOf(input),
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}
const plumb = (args: string[], input: object[] | string = ""): Promise<Run> =>
  plumbHere(dir, args, textOf(input));

const lines = (rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** The rows a command printed; anything else on stdout, or a failure, fails the test. */
function rowsOf(result: Run): Record<string, unknown>[] {
  expect(result.stderr).not.toContain("error:");
  expect(result.status).toBe(0);
  return result.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Mean negative log-probability of the tokens that the fixture's loss counts. */
function meanLoss(rows: Record<string, unknown>[], { completionMask }: Expected): number {
  const counted = rows.flatMap(({ logprobs }, b) =>
    (logprobs as number[]).filter((_, t) => completionMask[b][t + 1] === 1),
  );
  return -counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

describe("plumb logprobs", () => {
  it.each(["llama-tied", "qwen2"])("gives transformers' log-probabilities for %s, in order", async (name) => {
    const want = expected(`models/${name}`);
    const input = want.inputIds.map((ids) => ({ input_ids: ids }));
    const args = ["logprobs", "--model", join(FIXTURES, "models", name), "--input", "-", "--quiet"];
    const rows = rowsOf(spawned(args, input));
    expect(rows.map((row) => row.input_ids)).toEqual(want.inputIds);
    expect(rows.map((row) => (row.logprobs as number[]).length)).toEqual(
      want.inputIds.map((ids) => ids.length - 1),
    );
    expect(Math.abs(meanLoss(rows, want) - want.loss.mean) / want.loss.mean).toBeLessThan(1e-5);
  });

  it("gives peft's log-probabilities with an adapter", async () => {
    const want = expected("adapters/lora-a");
    const adapter = join(FIXTURES, "adapters/lora-a");
    const input = want.inputIds.map((ids) => ({ input_ids: ids }));
    const rows = rowsOf(
      await plumb(["logprobs", "--model", TIED, "--adapter", adapter, "--input", "-"], input),
    );
    expect(Math.abs(meanLoss(rows, want) - want.loss.mean) / want.loss.mean).toBeLessThan(1e-5);
  });

  it("answers in the order of the input, whatever the lengths and the batches, files as stdin", async () => {
    const lengths = [1, 40, 3, 17, 64, 2, 33, 9, 9, 5];
    const input = lengths.map((length, i) => ({
      input_ids: Array.from({ length }, (_, t) => (t * 7 + i) % 128),
    }));
    await writeFile(join(dir, "ids.jsonl"), lines(input));
    const large = rowsOf(await plumb(["logprobs", "--model", TIED, "--input", "ids.jsonl"]));
    const small = rowsOf(
      await plumb(["logprobs", "--model", TIED, "--input", "-", "--batch-size", "1"], input),
    );
    expect(large.map((row) => row.input_ids)).toEqual(input.map((row) => row.input_ids));
    large.forEach((row, i) => {
      const [a, b] = [row.logprobs as number[], small[i].logprobs as number[]];
      expect(a).toHaveLength(lengths[i] - 1);
      a.forEach((value, t) => {
        expect(Math.abs(value - b[t])).toBeLessThan(1e-4);
      });
    });
  });

  it("gives the completion's log-probabilities, the prompt encoded as generation sees it", async () => {
    const model = join(dir, "model");
    const messages = [
      { role: "user", content: "the cat" },
      { role: "assistant", content: "sat" },
    ];
    const [completion, conversation] = rowsOf(
      await plumb(
        ["logprobs", "--model", model, "--input", "-"],
        [{ prompt: "the cat sat on", completion: " a mat", id: 7 }, { messages }],
      ),
    ) as { input_ids: number[]; logprobs: number[] }[];
    const [whole] = rowsOf(
      await plumb(["logprobs", "--model", model, "--input", "-"], [{ input_ids: completion.input_ids }]),
    ) as { logprobs: number[] }[];
    const count = completion.logprobs.length;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(completion.input_ids.length - 1);
    completion.logprobs.forEach((value, i) => {
      expect(value).toBeCloseTo(whole.logprobs[whole.logprobs.length - count + i], 4);
    });
    expect(conversation.logprobs).toHaveLength(conversation.input_ids.length - 1);
  });

  it("refuses a file with a bad line before anything is printed, naming the line", async () => {
    await writeFile(join(dir, "bad.jsonl"), '{"input_ids":[1,2]}\n{"inputids":[1]}\n');
    const { status, stdout, stderr } = await plumb(["logprobs", "--model", TIED, "--input", "bad.jsonl"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("bad.jsonl, line 2: expected ");
    expect(stderr).toContain('Did you mean "input_ids" instead of "inputids"?');
  });

  it("answers the chunks of stdin that come before a bad line", async () => {
    const good = lines(Array.from({ length: 8 }, () => ({ input_ids: [1, 2] })));
    const args = ["logprobs", "--model", TIED, "--input", "-", "--batch-size", "1"];
    const { status, stdout, stderr } = await plumb(args, `${good}{"input_ids":[999]}\n`);
    expect(status).toBe(1);
    expect(stdout.trimEnd().split("\n")).toHaveLength(8);
    expect(stderr).toContain("stdin, line 9:");
  });

  it("refuses an empty input and a missing file, model and adapter", async () => {
    const args = ["logprobs", "--model", TIED, "--input", "-"];
    expect(await plumb(args, "")).toMatchObject({ status: 1, stdout: "" });
    expect((await plumb(["logprobs", "--model", TIED, "--input", "none.jsonl"])).stderr).toContain(
      "there is no file",
    );
    expect((await plumb(["logprobs", "--model", "nowhere", "--input", "-"])).stderr).toContain(
      "no model at nowhere",
    );
    expect(await plumb([...args, "--adapter", "nowhere"])).toMatchObject({ status: 1, stdout: "" });
  });
});

describe("plumb generate", () => {
  const args = (...more: string[]) => ["generate", "--model", "model", "--input", "-", ...more];

  it("is greedy at temperature 0: each token is the likeliest, and both ways of giving a prompt agree", async () => {
    const messages = [{ role: "user", content: "the cat" }];
    const greedy = args("--temperature", "0", "--max-new-tokens", "6");
    const rendered = "<|im_start|>user\nthe cat<|im_end|>\n<|im_start|>assistant\n";
    const [chat, text] = rowsOf(spawned(greedy, [{ messages }, { prompt: rendered }]));
    expect(text).toEqual(chat);
    expect(Object.keys(chat)).toEqual(["completion", "completion_ids", "finish_reason"]);
    const ids = chat.completion_ids as number[];
    expect(chat.finish_reason).toBe(ids.length < 6 || ids[5] === 2 ? "stop" : "length");
  });

  it("draws the same whatever the batches, and other things with another seed", async () => {
    const input = Array.from({ length: 7 }, (_, i) => ({ input_ids: [3, 40 + i, 5].slice(i % 3) }));
    const sample = async (...more: string[]) =>
      (await plumb(args("--max-new-tokens", "8", "--quiet", ...more), input)).stdout;
    const one = await sample("--batch-size", "3");
    expect(one.split("\n")).toHaveLength(8);
    expect(await sample("--batch-size", "7")).toBe(one);
    expect(await sample("--seed", "1")).not.toBe(one);
  });

  it("stops at a stop string and cuts it off", async () => {
    const input = [{ prompt: "the cat" }];
    const [whole] = rowsOf(await plumb(args("--temperature", "0", "--max-new-tokens", "12"), input));
    const text = whole.completion as string;
    const stop = text.slice(2, 4);
    const [cut] = rowsOf(
      await plumb(
        args("--temperature", "0", "--max-new-tokens", "12", "--stop", JSON.stringify([stop])),
        input,
      ),
    );
    expect(cut).toMatchObject({ completion: text.slice(0, text.indexOf(stop)), finish_reason: "stop" });
  });

  it("samples from a model whose heads have 8 elements", async () => {
    const call = ["generate", "--model", TIED, "--input", "-", "--max-new-tokens", "4", "--temperature", "0"];
    const { status, stdout } = await plumb(call, '{"input_ids":[1]}\n');
    expect(status).toBe(0);
    expect(JSON.parse(stdout).completion_ids).toHaveLength(4);
  });

  it("says when not one answer ended", async () => {
    const input = [{ input_ids: [1] }, { input_ids: [5] }];
    const call = ["generate", "--model", TIED, "--input", "-", "--temperature", "0"];
    const { stderr, ...cut } = await plumb([...call, "--max-new-tokens", "1"], input);
    expect(rowsOf({ stderr, ...cut }).map((row) => row.finish_reason)).toEqual(["length", "length"]);
    expect(stderr).toContain("none of the 2 answers ended within 1 tokens");
  });

  it("gives the best of several by a reward model, with its reward", async () => {
    const few = ["--max-new-tokens", "6", "--temperature", "1.5"];
    const prompts = [
      [3, 40, 5],
      [7, 8],
    ].map((input_ids) => ({ input_ids }));
    const judged = ["--best-of", "3", "--reward-model", "rm"];
    const best = rowsOf(await plumb(args(...few, ...judged), prompts));
    // The same draws, one by one, and their rewards.
    const each = prompts.flatMap((prompt) => [prompt, prompt, prompt]);
    const all = rowsOf(await plumb(args(...few), each));
    const texts = all.map(({ completion_ids: ids }, i) => ({
      input_ids: [...each[i].input_ids, ...(ids as number[])],
    }));
    const scores = rowsOf(await plumb(["score", "--reward-model", "rm", "--input", "-"], texts)).map(
      (row) => row.score as number,
    );
    for (const [i, row] of best.entries()) {
      const own = scores.slice(3 * i, 3 * i + 3);
      expect(row.reward).toBeCloseTo(Math.max(...own), 5);
      expect(row.completion_ids).toEqual(all[3 * i + own.indexOf(Math.max(...own))].completion_ids);
    }
    const alone = await plumb(args("--best-of", "3"), prompts);
    expect(alone).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--best-of needs a reward model"),
    });
    const none = await plumb(args("--reward-model", "rm"), prompts);
    expect(none.stderr).toContain("--reward-model chooses among several completions");
  });

  it("answers one prompt for people", async () => {
    const one = ["--prompt", "the cat", "--chat", "--max-new-tokens", "8"];
    const { status, stdout } = await plumb(["generate", "--model", "model", ...one]);
    expect(status).toBe(0);
    expect(stdout).not.toContain("completion_ids");
  });

  it.each([
    [args(), '{"prompt":""}', 1, "stdin, line 1: the prompt has no tokens"],
    [args("--max-new-tokens", "64"), '{"prompt":"x"}', 1, "exceed the model's context of 64"],
    [args("--temperature", "-1"), '{"prompt":"x"}', 2, "--temperature"],
    [
      ["generate", "--model", TIED, "--input", "-"],
      '{"input_ids":[99999]}',
      1,
      "expected a token id of this model",
    ],
  ])("refuses %j with %j", async (call, input, status, message) => {
    const result = await plumb(call, `${input}\n`);
    expect(result).toMatchObject({ status, stdout: "" });
    expect(result.stderr).toContain(message);
  });
});

describe("plumb score", () => {
  const args = ["score", "--reward-model", "rm", "--input"];

  it("scores preferences, completions and conversations, with accuracy at the end", async () => {
    const prompt = [{ role: "user", content: "the cat" }];
    const side = (content: string) => [{ role: "assistant", content }];
    const rows = rowsOf(
      spawned(
        [...args, "-", "--json"],
        [
          { prompt, chosen: side("sat"), rejected: side("on a mat") },
          { messages: [...prompt, ...side("sat")] },
          { prompt, completion: side("on a mat") },
          { prompt: "the cat", completion: " sat", label: false },
          { chosen: "\n\nHuman: the\n\nAssistant: cat", rejected: "\n\nHuman: the\n\nAssistant: mat" },
        ],
      ),
    );
    expect(rows).toHaveLength(6);
    expect(rows[1].score).toBeCloseTo(rows[0].chosen_score as number, 4);
    expect(rows[2].score).toBeCloseTo(rows[0].rejected_score as number, 4);
    expect(Object.keys(rows[4])).toEqual(["chosen_score", "rejected_score"]);
    expect(rows[5]).toMatchObject({ n: 2 });
    const right = [rows[0], rows[4]].filter((row) => Number(row.chosen_score) > Number(row.rejected_score));
    expect(rows[5].accuracy).toBe(right.length / 2);
  });

  it("prints nothing but scores without --json", async () => {
    const rows = rowsOf(await plumb([...args, "pairs.jsonl"]));
    expect(rows).toHaveLength(24);
    expect(rows.every((row) => "chosen_score" in row)).toBe(true);
  });

  it("refuses a conversation without an answer", async () => {
    const result = await plumb([...args, "-"], [{ messages: [{ role: "user", content: "a" }] }]);
    expect(result).toMatchObject({ status: 1, stdout: "" });
    expect(result.stderr).toContain("line 1: the conversation has no answer");
  });

  it("says what is no reward model", async () => {
    const result = await plumb(["score", "--reward-model", "model", "--input", "pairs.jsonl"]);
    expect(result).toMatchObject({ status: 1, stdout: "" });
    expect(result.stderr).toContain("reward.json");
  });
});

describe("plumb evaluate", () => {
  it("compares policies, measures a reward model and a policy's perplexity, with intervals", async () => {
    const model = ["--model", "model", "--against", "model", "--reward-model", "rm"];
    const files = [
      "--prompts",
      "prompts.jsonl",
      "--preferences",
      "pairs.jsonl",
      "--demonstrations",
      "demos.jsonl",
    ];
    const rest = ["--limit", "8", "--max-new-tokens", "6", "--samples", "samples.jsonl", "--json"];
    const [found] = rowsOf(spawned(["evaluate", ...model, ...files, ...rest]));
    // The same policy with the same draws: every prompt is a tie.
    expect(found.comparison).toMatchObject({ n: 8, winRate: { estimate: 0.5, ties: 8 } });
    const [policy] = found.policies as { n: number; kl: { estimate: number }; tokens: { high: number } }[];
    expect(policy.n).toBe(8);
    expect(Math.abs(policy.kl.estimate)).toBeLessThan(1e-4);
    expect(policy.tokens.high).toBeLessThanOrEqual(6);
    expect(found.preferences).toMatchObject({ n: 8 });
    expect((found.demonstrations as { estimate: number }).estimate).toBeGreaterThan(1);
    expect(readFileSync(join(dir, "samples.jsonl"), "utf8").trim().split("\n")).toHaveLength(8);
  });

  it("compares with a dataset's own answers, as a table", async () => {
    const args = [
      "--prompts",
      "pairs.jsonl",
      "--against-references",
      "--limit",
      "4",
      "--max-new-tokens",
      "4",
    ];
    const { status, stdout } = await plumb(["evaluate", "--model", "model", "--reward-model", "rm", ...args]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/win rate against dataset \(\d-\d-\d\) +\d\.?\d* +\d.* to /);
    // Four differences of reward have no interval, and the table says why.
    expect(stdout).toMatch(/reward above dataset.s +-?\d.* none \[1\] +4\n/);
    expect(stdout).toContain("[1] fewer than 8 values have no interval");
  });

  it.each([
    [["evaluate"], "there is nothing to measure"],
    [["evaluate", "--model", "model", "--against", "model", "--prompts", "prompts.jsonl"], "needs a judge"],
  ])("refuses %j", async (args, message) => {
    const result = await plumb(args);
    expect(result).toMatchObject({ status: 2, stdout: "" });
    expect(result.stderr).toContain(message);
  });
});

describe("plumb convert", () => {
  it("folds adapters into a folder with the same log-probabilities, and does not write over one", async () => {
    const adapters = ["lora-a", "lora-b"].map((name) => join(FIXTURES, "adapters", name)).join(",");
    const model = ["--model", TIED, "--adapter", adapters];
    expect(spawned(["convert", ...model, "--out", "merged"]).status).toBe(0);
    const input = [{ input_ids: [26, 105, 16, 68, 42, 55] }];
    const [apart] = rowsOf(await plumb(["logprobs", ...model, "--input", "-"], input));
    const [merged] = rowsOf(await plumb(["logprobs", "--model", "merged", "--input", "-"], input));
    (merged.logprobs as number[]).forEach((value, i) => {
      expect(Math.abs(value - (apart.logprobs as number[])[i])).toBeLessThan(1e-4);
    });
    const again = await plumb(["convert", ...model, "--out", "merged"]);
    expect(again).toMatchObject({ status: 1, stdout: "" });
    expect(again.stderr).toContain("exists already");
  });

  it("makes a reward model for sequence classification of a reward adapter", async () => {
    const args = ["convert", "--model", "model", "--adapter", "rm", "--out", "classifier"];
    expect(await plumb(args)).toMatchObject({ status: 0 });
    const texts = [{ input_ids: [5, 9, 30, 12] }, { input_ids: [44, 7] }];
    const scores = async (model: string) =>
      rowsOf(await plumb(["score", "--reward-model", model, "--input", "-"], texts));
    const normalised = await scores("rm");
    (await scores("classifier")).forEach(({ score }, i) => {
      expect(Number(score)).toBeCloseTo(Number(normalised[i].score) * 2 + 0.5, 4);
    });
  });

  it("writes shards of the size asked for, which open as the same model", async () => {
    const sharded = ["convert", "--model", TIED, "--out", "sharded", "--max-shard-size"];
    expect(await plumb([...sharded, "20"])).toMatchObject({ status: 2, stdout: "" });
    expect((await plumb([...sharded, "20KB"])).status).toBe(0);
    const index = join(dir, "sharded", "model.safetensors.index.json");
    const { weight_map } = JSON.parse(readFileSync(index, "utf8"));
    expect(new Set(Object.values(weight_map)).size).toBeGreaterThan(1);
    expect(existsSync(join(dir, "sharded", "model.safetensors"))).toBe(false);
    const input = [{ input_ids: [26, 105, 16, 68, 42, 55] }];
    const read = async (model: string) =>
      rowsOf(await plumb(["logprobs", "--model", model, "--input", "-"], input))[0];
    const [before, after] = [await read(TIED), await read("sharded")];
    expect(after.logprobs).toEqual(before.logprobs);
  });

  it("writes nothing when the model is not sound", async () => {
    const result = await plumb(["convert", "--model", "pairs.jsonl", "--out", "never"]);
    expect(result.status).toBe(1);
    expect(existsSync(join(dir, "never"))).toBe(false);
  });
});

describe("plumb doctor", () => {
  it("finds a machine and a model sound", async () => {
    const { status, stdout } = spawned(["doctor", "--model", "model", "--json"]);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; status: string }[] };
    const sound = ["node", "native library", "model", "forward pass", "tokenizer", "chat template"];
    for (const check of sound) {
      expect(findings.find((finding) => finding.check === check)).toMatchObject({ status: "ok" });
    }
    expect(status).toBe(0);
  });

  it("names a recipe's unknown setting and missing file, and exits with 1", async () => {
    await writeFile(join(dir, "a.yaml"), "score:\n  rewardModel: rm/none.json\n  input: pairs.jsonl\n");
    await writeFile(join(dir, "b.yaml"), "score:\n  rewardModl: rm\n");
    const a = await plumb(["doctor", "--recipe", "a.yaml"]);
    expect(a.status).toBe(1);
    expect(a.stdout).toContain("a.yaml, line 2: rewardModel names rm/none.json, which does not exist");
    expect((await plumb(["doctor", "b.yaml"])).stdout).toContain('Did you mean "rewardModel"?');
    expect((await plumb(["doctor", "--model", "nowhere"])).status).toBe(1);
  });
});

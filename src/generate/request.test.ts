/** A prompt on its way to a completion: what it asks for, when it ends, and what it hands out. */
import { describe, expect, test } from "vitest";
import { letters } from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import type { Tokenizer } from "../text/index.js";
import { Request, type RequestOptions } from "./request.js";
import { RequestQueue } from "./request-queue.js";
import { filtersLogits, type SamplingConfig, sampleToken, samplingSchema } from "./sampling.js";

const sampling = (changes: Partial<SamplingConfig> = {}): SamplingConfig =>
  samplingSchema.parse({ maxNewTokens: 5, ...changes });
const model = (tokenizer?: Tokenizer) => ({ eos: new Set([2, 9]), tokenizer });
const request = (
  changes: Partial<SamplingConfig> = {},
  options: Partial<RequestOptions> = {},
  tokenizer: Tokenizer | undefined = letters,
): Request => new Request([7, 8, 3], sampling(changes), model(tokenizer), { row: 4, ...options });

describe("a request", () => {
  test.each([
    [{}, "sample", 1],
    [{ temperature: 0.5 }, "sample", 2],
    [{ temperature: 4 }, "sample", 0.25],
    [{ temperature: 0 }, "greedy", 1],
    [{ topK: 1 }, "logits", 1],
    [{ topP: 0.9, temperature: 0.5 }, "logits", 1],
    [{ minP: 0.1 }, "logits", 1],
    [{ repetitionPenalty: 1.2, temperature: 0 }, "logits", 1],
    [{ repetitionPenalty: 0.9 }, "logits", 1],
  ] as const)("with %j is answered by %s, logits times %d", (changes, choice, scale) => {
    const one = request(changes);
    expect([one.choice, one.scale]).toEqual([choice, scale]);
    expect(filtersLogits(sampling(changes))).toBe(choice === "logits");
  });

  test("takes a position for each token but the last one sampled", () => {
    const one = request();
    expect([one.positions, one.prefill]).toEqual([3 + 5 - 1, 2]);
    expect([0, 1, 2].map((at) => one.tokenAt(at))).toEqual([7, 8, 3]);
    one.take(11, -1);
    one.take(12, -2);
    expect([3, 4].map((at) => one.tokenAt(at))).toEqual([11, 12]);
  });

  test("draws by its seed and row, and nothing when it takes the likeliest", () => {
    const stream = new RandomStream(6, "generate/sample", 4);
    const one = request({ seed: 6 });
    for (let i = 0; i < 3; i++) expect(one.draw()).toBe(stream.uniform());
    expect(request({ seed: 6 }, { row: 5 }).draw()).not.toBe(request({ seed: 6 }).draw());
    expect(request({ seed: 7 }).draw()).not.toBe(request({ seed: 6 }).draw());
    expect(request({ temperature: 0 }).draw()).toBe(0);
  });

  test("is cancelled by its signal", () => {
    const controller = new AbortController();
    const one = request({}, { signal: controller.signal });
    expect(one.cancelled).toBe(false);
    controller.abort();
    expect(one.cancelled).toBe(true);
    expect(request().cancelled).toBe(false);
  });

  test("penalises what stood in the prompt and what came since, if it penalises at all", () => {
    const logits = Float32Array.of(0, 0, 0, 1, 0.5, 1.2, 0, 2, 0, 0, 0, 0);
    const one = request({ repetitionPenalty: 3, temperature: 0 });
    const wanted = (seen: number[]) =>
      sampleToken(logits, sampling({ repetitionPenalty: 3, temperature: 0 }), new Set(seen), 0);
    expect(one.choose(logits, 0)).toEqual(wanted([7, 8, 3]));
    expect(one.choose(logits, 0).token).toBe(5);
    one.take(5, -1);
    expect(one.choose(logits, 0)).toEqual(wanted([7, 8, 3, 5]));
    expect(one.choose(logits, 0).token).toBe(7);
    expect(request({ topK: 1 }).choose(logits, 0).token).toBe(7);
  });
});

describe("a completion", () => {
  test("ends with an end token, and says so", async () => {
    const one = request();
    expect(one.take(11, -1)).toBe(false);
    expect(one.take(9, -0.5)).toBe(true);
    one.finish();
    expect(await one.result).toEqual({
      ids: [11, 9],
      logProbs: [-1, -0.5],
      finishReason: "stop",
      text: letters.decode([11, 9]),
    });
  });

  test("ends with its last token, and says that it was cut", async () => {
    const one = request({ maxNewTokens: 2 });
    expect(one.take(11, -1)).toBe(false);
    expect(one.take(12, -1)).toBe(true);
    one.finish();
    expect(await one.result).toMatchObject({ ids: [11, 12], finishReason: "length" });
    const single = request({ maxNewTokens: 1 });
    expect(single.take(11, -1)).toBe(true);
  });

  test("ends at the first of its stop strings, and leaves it out", async () => {
    // 3 is a, 4 is b, and so on.
    const one = request({ stop: ["zz", "cd", "bc"], maxNewTokens: 9 });
    expect([3, 4].map((id) => one.take(id, -1))).toEqual([false, false]);
    expect(one.take(5, -1)).toBe(true);
    one.finish();
    expect(await one.result).toMatchObject({ ids: [3, 4, 5], text: "a", finishReason: "stop" });
    // Two end with one token: the text is cut before the earlier one.
    const both = request({ stop: ["c", "abc"], maxNewTokens: 9 });
    for (const id of [3, 4, 5]) both.take(id, -1);
    both.finish();
    expect((await both.result).text).toBe("");
    // Without a tokenizer there is no text to stop at, nor any to hand out.
    const plain = new Request([7], sampling({ stop: ["a"] }), model(), { row: 0 });
    expect(plain.take(3, -1)).toBe(false);
    plain.finish();
    expect(await plain.result).toEqual({ ids: [3], logProbs: [-1], finishReason: "length" });
  });

  test("is written without special tokens", async () => {
    const asked: unknown[] = [];
    const tokenizer = {
      decode: (ids: readonly number[], options: unknown) => {
        asked.push(options);
        return ids.join(" ");
      },
    } as Tokenizer;
    const one = request({ stop: ["4 5"] }, {}, tokenizer);
    for (const id of [3, 4, 5]) one.take(id, -1);
    one.finish();
    expect((await one.result).text).toBe("3 ");
    for (const options of asked) expect(options).toEqual({ skipSpecialTokens: true });
    const free = request({}, {}, tokenizer);
    free.take(3, -1);
    free.finish();
    expect((await free.result).text).toBe("3");
  });

  test("is told token by token", () => {
    const seen: [number, number][] = [];
    const one = request({}, { onToken: (token, logProb) => seen.push([token, logProb]) });
    one.take(11, -1);
    one.take(2, -3);
    expect(seen).toEqual([
      [11, -1],
      [2, -3],
    ]);
  });

  test("fails with what went wrong: logits that are no numbers, a tokenizer that throws", async () => {
    expect(() => request().take(3, Number.NaN)).toThrow("the model's logits are not finite");
    const failed = request();
    failed.fail(new Error("no"));
    await expect(failed.result).rejects.toThrow("no");
    const throwing = request({}, {}, {
      decode: () => {
        throw new Error("cannot");
      },
    } as unknown as Tokenizer);
    throwing.finish();
    await expect(throwing.result).rejects.toThrow("cannot");
  });
});

describe("the queue", () => {
  const waiting = (maxNewTokens: number, signal?: AbortSignal): Request =>
    new Request([1], sampling({ maxNewTokens }), model(), { row: 0, signal });

  test("is first come, first served", () => {
    const queue = new RequestQueue();
    const all = Array.from({ length: 7 }, (_, i) => waiting(i + 1));
    for (const one of all.slice(0, 5)) queue.push(one);
    expect(queue.length).toBe(5);
    expect(queue.at(2)).toBe(all[2]);
    expect(queue.mostPositions()).toBe(5);
    expect(queue.take(2)).toEqual(all.slice(0, 2));
    expect(queue.length).toBe(3);
    expect(queue.at(0)).toBe(all[2]);
    queue.push(all[5]);
    expect(queue.take(2)).toEqual(all.slice(2, 4));
    expect(queue.at(1)).toBe(all[5]);
    queue.push(all[6]);
    expect(queue.takeAll()).toEqual(all.slice(4));
    expect([queue.length, queue.mostPositions()]).toEqual([0, 0]);
    expect(queue.take(3)).toEqual([]);
  });

  test("lets go of those that were cancelled", () => {
    const controller = new AbortController();
    const queue = new RequestQueue();
    const [a, b, c] = [waiting(1), waiting(9, controller.signal), waiting(3)];
    for (const one of [a, b, c]) queue.push(one);
    queue.take(1);
    expect(queue.takeCancelled()).toEqual([]);
    controller.abort();
    expect(queue.takeCancelled()).toEqual([b]);
    expect([queue.length, queue.at(0), queue.mostPositions()]).toEqual([1, c, 3]);
    expect(queue.takeCancelled()).toEqual([]);
  });

  test("looks through a long queue now and then only", () => {
    const controller = new AbortController();
    const queue = new RequestQueue();
    for (let i = 0; i < 200; i++) queue.push(waiting(1, i === 100 ? controller.signal : undefined));
    expect(queue.takeCancelled()).toEqual([]); // a look; the next after three calls
    controller.abort();
    const found = Array.from({ length: 8 }, () => queue.takeCancelled().length);
    expect(found).toEqual([0, 0, 0, 1, 0, 0, 0, 0]);
    expect(queue.length).toBe(199);
  });
});

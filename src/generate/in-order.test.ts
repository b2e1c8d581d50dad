import { describe, expect, test } from "vitest";
import { inOrder } from "./in-order.js";

const later = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

async function* upTo(n: number, wait = 0, failure?: Error): AsyncGenerator<number> {
  for (let i = 0; i < n; i++) {
    if (wait > 0) await later(wait);
    yield i;
  }
  if (failure) throw failure;
}

async function collected<R>(results: AsyncIterable<R>): Promise<{ results: R[]; error?: unknown }> {
  const out: R[] = [];
  try {
    for await (const result of results) out.push(result);
  } catch (error) {
    return { results: out, error };
  }
  return { results: out };
}

describe("results in the order of the items", () => {
  test.each([1, 3, 100])("with %d under way at most", async (ahead) => {
    let [running, most] = [0, 0];
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++running);
      await later((item * 7) % 5);
      running--;
      return item;
    };
    const { results } = await collected(inOrder(upTo(12), work, ahead));
    expect(results).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(most).toBeLessThanOrEqual(ahead);
    expect(most).toBeGreaterThan(ahead === 1 ? 0 : 1);
  });

  test("a result does not wait for the next item to be read", async () => {
    const slow = async function* (): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => undefined);
    };
    const results = inOrder(slow(), async (item) => item, 4);
    expect((await results.next()).value).toBe(1);
  });

  test("failures come in their turn", async () => {
    const broken = new Error("broken");
    const work = async (item: number): Promise<number> => {
      if (item === 2) throw broken;
      await later(3);
      return item;
    };
    expect(await collected(inOrder(upTo(9), work, 4))).toEqual({ results: [0, 1], error: broken });
    const slowly = (item: number): Promise<number> => later(5).then(() => item);
    expect(await collected(inOrder(upTo(2, 0, broken), slowly, 4))).toEqual({
      results: [0, 1],
      error: broken,
    });
    expect(await collected(inOrder(upTo(0), work, 2))).toEqual({ results: [] });
  });
});

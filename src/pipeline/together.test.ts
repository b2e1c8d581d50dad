import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { GrowingList, together } from "./together.js";

async function* saying(words: readonly string[], milliseconds: number, ended: string[] = []) {
  try {
    for (const word of words) {
      await sleep(milliseconds);
      yield word;
    }
  } finally {
    ended.push(words[0]);
  }
}

describe("generators together", () => {
  it("yield what comes, as it comes, to the end of all", async () => {
    const heard: string[] = [];
    for await (const word of together(saying(["a", "b"], 60), saying(["1", "2", "3"], 25))) heard.push(word);
    expect(heard.filter((word) => /\d/.test(word))).toEqual(["1", "2", "3"]);
    expect(heard.filter((word) => /\D/.test(word))).toEqual(["a", "b"]);
    expect(heard[0]).toBe("1");
    expect(heard.at(-1)).toBe("b");
  });

  it("end all when one fails, and when the consumer stops", async () => {
    const ended: string[] = [];
    const failing = (async function* () {
      yield "x";
      throw new Error("broken");
    })();
    await expect(async () => {
      for await (const _ of together(failing, saying(["1", "2"], 5, ended)));
    }).rejects.toThrow("broken");
    await sleep(20);
    expect(ended).toEqual(["1"]);
    for await (const _ of together(saying(["a", "b"], 2, ended), saying(["8", "9"], 4, ended))) break;
    await sleep(20);
    expect(ended.sort()).toEqual(["1", "8", "a"]);
  });
});

describe("a list that grows", () => {
  it("is read from its beginning by each reader, while it grows and afterwards", async () => {
    const list = new GrowingList<number>();
    const read = async () => {
      const all: number[] = [];
      for await (const item of list) all.push(item);
      return all;
    };
    const early = read();
    list.push(1);
    await sleep(1);
    list.push(2);
    list.end([1, 2, 3]);
    expect(await early).toEqual([1, 2, 3]);
    expect(await read()).toEqual([1, 2, 3]);
    list.fail(new Error("late"));
    expect(await read()).toEqual([1, 2, 3]);
  });

  it("fails those who wait at its end", async () => {
    const list = new GrowingList<number>();
    const all: number[] = [];
    const reading = (async () => {
      for await (const item of list) all.push(item);
    })();
    list.push(1);
    list.fail(new Error("stopped"));
    await expect(reading).rejects.toThrow("stopped");
    expect(all).toEqual([1]);
  });
});

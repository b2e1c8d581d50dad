import os from "node:os";
import { expect, test } from "vitest";
import { OrtRuntime } from "./index.js";
import { threadsWanted } from "./threads.js";

test("PLUMB_THREADS is a number of threads; without it there are as many as processors", () => {
  expect(threadsWanted("3")).toBe(3);
  for (const none of [undefined, "", " "]) expect(threadsWanted(none ?? "")).toBe(os.availableParallelism());
});

test.each(["abc", "0", "-1", "1.5", "2x", "NaN", "1e9"])("PLUMB_THREADS=%s is refused by name", (text) => {
  expect(() => threadsWanted(text)).toThrow(`PLUMB_THREADS is "${text}"; expected a whole number`);
});

test("a runtime refuses it as it is made", () => {
  const before = process.env.PLUMB_THREADS;
  process.env.PLUMB_THREADS = "abc";
  try {
    expect(() => new OrtRuntime()).toThrow('PLUMB_THREADS is "abc"');
  } finally {
    if (before === undefined) delete process.env.PLUMB_THREADS;
    else process.env.PLUMB_THREADS = before;
  }
});

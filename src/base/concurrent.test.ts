import { expect, test } from "vitest";
import { mapConcurrent } from "./concurrent.js";

/** Calls that end when they are told to. */
function calls() {
  const [begun, ends]: [string[], Map<string, { resolve: () => void; reject: (e: Error) => void }>] = [
    [],
    new Map(),
  ];
  const f = (name: string): Promise<string> => {
    begun.push(name);
    return new Promise((resolve, reject) =>
      ends.set(name, { resolve: () => resolve(name.toUpperCase()), reject }),
    );
  };
  return { begun, ends, f };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("begins at most the limit at once, in order, and gives results in order whoever ends first", async () => {
  const { begun, ends, f } = calls();
  const all = mapConcurrent(2, ["a", "b", "c"], f);
  await settled();
  expect(begun).toEqual(["a", "b"]);
  ends.get("b")?.resolve();
  await settled();
  expect(begun).toEqual(["a", "b", "c"]);
  ends.get("c")?.resolve();
  ends.get("a")?.resolve();
  expect(await all).toEqual(["A", "B", "C"]);
});

test("an error keeps others from beginning, and is thrown when those under way have ended", async () => {
  const { begun, ends, f } = calls();
  let thrown = false;
  const all = mapConcurrent(2, ["a", "b", "c"], f).catch((error: Error) => {
    thrown = true;
    return error.message;
  });
  await settled();
  ends.get("a")?.reject(new Error("a failed"));
  await settled();
  expect([begun, thrown]).toEqual([["a", "b"], false]);
  ends.get("b")?.resolve();
  expect(await all).toBe("a failed");
});

test("of nothing, nothing", async () => {
  expect(await mapConcurrent(4, [], async () => 1)).toEqual([]);
});

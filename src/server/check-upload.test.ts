import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkItems } from "../feedback/exchange/index.js";
import { TaskDefinition } from "../votes/tasks/index.js";
import { checkUpload } from "./check-upload.js";

const task = TaskDefinition.parse({ kind: "pairwise" });
const path = (name: string, text: string) => {
  const file = join(mkdtempSync(join(tmpdir(), "plumb-check-upload-")), name);
  writeFileSync(file, text);
  return file;
};

it("reads a file as checkItems does, with all items in their order, and problems by row", async () => {
  const rows = Array.from({ length: 1001 }, (_, i) => `p${i},x${i},y${i},${i % 7 === 0 ? "left" : ""}\n`);
  const file = path("many.csv", `prompt,response_a,response_b,gold\n${rows.join("")}`);
  const read = await checkUpload(file, task);
  expect(read.items).toHaveLength(1001);
  expect(read).toEqual(await checkItems(file, task));
  const bad = path("bad.jsonl", '{"prompt":"p"}\n{"prompt":"p","response_a":"x","response_b":"y"}\n{\n');
  const refused = await checkUpload(bad, task);
  expect(refused.problemCount).toBeGreaterThan(0);
  expect(refused).toEqual(await checkItems(bad, task));
  const named = path("named.csv", "a,b,c\n1,2,3\n");
  const roles = { a: "prompt", b: "response", c: "response" } as const;
  expect((await checkUpload(named, task, roles)).items).toEqual((await checkItems(named, task, roles)).items);
});

it("leaves the thread that answers requests free meanwhile", async () => {
  const long = "words and words ".repeat(40);
  const rows = Array.from({ length: 10_000 }, (_, i) =>
    JSON.stringify({ prompt: `${i} ${long}`, response_a: `a ${long}`, response_b: `b ${long}` }),
  );
  const file = path("long.jsonl", rows.join("\n"));
  const beside = async (work: Promise<unknown>) => {
    let [last, longest, going] = [performance.now(), 0, true];
    const ended = work.finally(() => (going = false));
    while (going) {
      await new Promise(setImmediate);
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    await ended;
    return longest;
  };
  const inThread = await beside(checkUpload(file, task));
  const here = await beside(checkItems(file, task));
  expect(inThread).toBeLessThan(here);
});

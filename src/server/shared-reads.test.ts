import { expect, it } from "vitest";
import { SharedReads } from "./shared-reads.js";

it("who asks while a read is done gets the next one, with all others who ask meanwhile", async () => {
  const reads = new SharedReads<number>();
  const finish: (() => void)[] = [];
  const read = () => {
    const number = finish.length + 1;
    return new Promise<number>((resolve) => finish.push(() => resolve(number)));
  };
  const first = reads.ask("a", read);
  const later = [reads.ask("a", read), reads.ask("a", read), reads.ask("a", read)];
  expect(finish).toHaveLength(1);
  finish[0]();
  expect(await first).toBe(1);
  await new Promise(setImmediate);
  expect(finish).toHaveLength(2);
  const last = reads.ask("a", read);
  finish[1]();
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
  await new Promise(setImmediate);
  finish[2]();
  expect(await last).toBe(3);
});

it("a read that fails fails for those who wait for it, and no others; keys are apart", async () => {
  const reads = new SharedReads<string>();
  const failing = reads.ask("a", async () => Promise.reject(new Error("no")));
  const next = reads.ask("a", async () => "yes");
  expect(await reads.ask("b", async () => "b")).toBe("b");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("yes");
  expect(await reads.ask("a", async () => "again")).toBe("again");
});

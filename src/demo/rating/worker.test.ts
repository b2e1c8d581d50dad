/** The raters' thread, message by message, with the thread's port and session replaced. */
import { beforeEach, expect, it, vi } from "vitest";

const thread = vi.hoisted(() => ({
  plan: { seed: 3 },
  told: [] as unknown[],
  heard: [] as ((message: unknown) => void)[],
  done: [] as unknown[],
  open: async (_plan: unknown): Promise<unknown> => undefined,
}));
vi.mock("node:worker_threads", () => ({
  workerData: thread.plan,
  parentPort: {
    postMessage: (message: unknown) => void thread.told.push(message),
    on: (event: string, hear: (message: unknown) => void) => event === "message" && thread.heard.push(hear),
  },
}));
vi.mock("./session.js", () => ({ RatingSession: { open: (plan: unknown) => thread.open(plan) } }));
beforeEach(() => {
  vi.resetModules();
  Object.assign(thread, { told: [], heard: [], done: [] });
});

const told = (messages: number) =>
  vi.waitFor(() => expect(thread.told).toHaveLength(messages), { timeout: 10_000 });
const session = {
  rate: async (pairs: unknown[]) => {
    await new Promise((resolve) => setTimeout(resolve, pairs.length));
    thread.done.push(pairs);
  },
  finish: async () => {
    thread.done.push("finished");
    return { votes: 6 };
  },
};

it("rates in the order of messages, says how many pairs each had, and ends with the outcome", async () => {
  thread.open = async (plan) => {
    thread.done.push(plan);
    return session;
  };
  await import("./worker.js");
  for (const message of [{ rate: ["a", "b", "c"] }, { rate: ["d"] }, "finish"]) thread.heard[0](message);
  await told(3);
  expect(thread.done).toEqual([{ seed: 3 }, ["a", "b", "c"], ["d"], "finished"]);
  expect(thread.told).toEqual([{ rated: 3 }, { rated: 1 }, { outcome: { votes: 6 } }]);
});

it("tells what went wrong, with a hint if there is one", async () => {
  const { PlumbError } = await import("../../base/errors.js");
  thread.open = async () => {
    throw new PlumbError("no raters", { hint: "Ask for more." });
  };
  await import("./worker.js");
  await told(1);
  expect(thread.told).toEqual([{ failed: { message: "no raters", hint: "Ask for more." } }]);
});

it("tells of a failure in the middle, and rates nothing after it", async () => {
  thread.open = async () => ({
    ...session,
    rate: async () => {
      throw new Error("the disk is full");
    },
  });
  await import("./worker.js");
  thread.heard[0]({ rate: ["a"] });
  thread.heard[0]("finish");
  await told(2);
  expect(thread.told[0]).toEqual({ failed: { message: "the disk is full" } });
  expect(thread.done).toEqual([]);
});

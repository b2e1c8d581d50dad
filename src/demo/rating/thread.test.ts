import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { memoryFolder } from "../../../test/memory-folder.js";
import { prompts } from "../../worlds/assistant/index.js";
import { type RatingPlan, RatingSession } from "./session.js";
import { RatingThread } from "./thread.js";

const dir = memoryFolder("plumb-rating-thread-");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const plan = (name: string): RatingPlan => ({
  database: join(dir, `${name}.db`),
  pool: { raters: 4, shares: { honest: 1 }, groups: 1, talkative: 0 },
  ...{ votesPerPair: 2, method: "majority", seed: 3 },
});
const pairs = prompts("train")
  .slice(0, 12)
  .map(({ text }) => ({ prompt: text, left: "I cannot help with that.", right: "Yes, of course." }));

it("comes to the same as a session on this thread, batch by batch, and says how far it is", async () => {
  const session = await RatingSession.open(plan("here"));
  await session.rate(pairs.slice(0, 7));
  await session.rate(pairs.slice(7));
  const expected = await session.finish();

  const thread = new RatingThread(plan("there"));
  try {
    thread.rate(pairs.slice(0, 7));
    thread.rate(pairs.slice(7));
    expect(await thread.finish()).toEqual(expected);
    expect(thread.rated).toBe(12);
  } finally {
    await thread.stop();
  }
}, 60_000);

it("tells in the session's words what went wrong", async () => {
  const thread = new RatingThread({ ...plan("never"), votesPerPair: 5 });
  try {
    thread.rate(pairs);
    await expect(thread.finish()).rejects.toMatchObject({
      name: "PlumbError",
      message: expect.stringMatching(/4 raters.*5 votes/),
      hint: expect.stringContaining("at most 4"),
    });
    expect(existsSync(plan("never").database)).toBe(false);
  } finally {
    await thread.stop();
  }
}, 60_000);

import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { memoryFolder } from "../../../test/memory-folder.js";
import { RandomStream } from "../../base/random.js";
import {
  loadProject,
  openStore,
  readCheckpoints,
  type Store,
  verifyAudit,
} from "../../feedback/store/index.js";
import { aggregatePreferences } from "../../votes/aggregate/index.js";
import { counting, type Question, questionOf, USES } from "../../votes/judgement/index.js";
import { DEFAULT_WORLD, prompts, renderResponse, sampleStyle } from "../../worlds/assistant/index.js";
import { type RatedPair, type RatingOutcome, type RatingPlan, RatingSession } from "./session.js";

const dir = memoryFolder("plumb-rating-");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const PANEL = 3;
const plan = (name: string, seed = 1): RatingPlan => ({
  database: join(dir, `${name}.db`),
  pool: { raters: 7, shares: { honest: 5, malicious: 1, noisy: 1 }, groups: 1, talkative: 0 },
  ...{ votesPerPair: PANEL, method: "robust", seed },
});

const random = new RandomStream(5, "test/rating");
const pairs: RatedPair[] = Array.from({ length: 80 }, () => {
  const prompt = random.choice(prompts("train"));
  const write = () =>
    renderResponse(prompt, sampleStyle(prompt, DEFAULT_WORLD.demonstrations, random), random);
  return { prompt: prompt.text, left: write(), right: write() };
});

async function rated(name: string, seed?: number): Promise<RatingOutcome> {
  const session = await RatingSession.open(plan(name, seed));
  await session.rate(pairs.slice(0, 50));
  await session.rate(pairs.slice(50));
  return session.finish();
}

let outcome: RatingOutcome;
let store: Store;
let project: string;
beforeAll(async () => {
  outcome = await rated("first");
  store = await openStore(plan("first").database);
  project = (await store.db.selectFrom("projects").select("id").executeTakeFirstOrThrow()).id;
}, 60_000);
afterAll(() => store?.close());

it("every pair gets a panel's votes, each from another rater, sides shuffled", async () => {
  const votes = counting((await loadProject(store.db, project)).judgements, USES.results).map(
    ({ vote }) => vote,
  );
  expect(votes).toHaveLength(PANEL * pairs.length);
  expect(new Set(votes.map(({ item, rater }) => `${item} ${rater}`)).size).toBe(votes.length);
  const panels = new Map<string, Set<string | undefined>>();
  for (const { item, group } of votes) panels.set(item, (panels.get(item) ?? new Set()).add(group));
  for (const groups of panels.values()) expect(groups.size).toBe(1);
  const turned = votes.filter(({ order }) => order[0] === 1).length / votes.length;
  // 240 fair coins: five standard deviations.
  expect(Math.abs(turned - 0.5)).toBeLessThan(0.16);
  expect(outcome.votes).toBe(votes.length);
  expect(outcome.raters.reduce((sum, rater) => sum + rater.votes, 0)).toBe(votes.length);
});

it("its preferences are those of the votes that lie in the database, pair by pair", async () => {
  const { judgements } = await loadProject(store.db, project);
  const { votes } = questionOf(counting(judgements, USES.results), "overall") as Question;
  if (votes.kind !== "pairs") throw new Error("no comparisons");
  const { preferences } = aggregatePreferences(votes.comparisons, "majority");
  const share = new Map(preferences.map((p) => [p.left.split(".")[0], p]));
  expect(outcome.preferences.length).toBeGreaterThan(0.9 * pairs.length);
  let agreed = 0;
  for (const { pair: i, better, chosen, rejected, noise, probability, votes: count } of outcome.preferences) {
    const own = share.get(String(i + 1));
    const { left, right } = pairs[i];
    expect(count).toBe(PANEL);
    expect(own?.left).toBe(`${i + 1}.1`);
    expect([chosen, rejected]).toEqual(better === "left" ? [left, right] : [right, left]);
    expect(noise).toBeCloseTo(Math.min(0.4, 1 - probability), 12);
    if (own && own.probability > 0.5 === (better === "left")) agreed++;
  }
  // The majority is overruled on a few; pairs and preferences put together wrongly would agree on half.
  expect(agreed / pairs.length).toBeGreaterThan(0.75);
});

it("the same seed gives the same outcome to the byte, another seed another one", async () => {
  expect(JSON.stringify(await rated("second"))).toBe(JSON.stringify(outcome));
  expect((await rated("third", 2)).preferences).not.toEqual(outcome.preferences);
}, 60_000);

it("leaves a database that a server can take up: the log is whole, the project closed, and nobody is admin yet", async () => {
  const { checkpoints } = readCheckpoints(store.checkpointFile);
  const report = await verifyAudit(store.db, store.key.publicKey, checkpoints);
  expect(report.problemCount).toBe(0);
  expect(checkpoints.at(-1)?.seq).toBe(report.entries);
  expect(await store.db.selectFrom("projects").select("state").execute()).toEqual([{ state: "closed" }]);
  expect(await store.db.selectFrom("accounts").select("id").where("role", "=", "admin").execute()).toEqual(
    [],
  );
});

it("a pool smaller than a panel is refused before anything is made", async () => {
  await expect(RatingSession.open({ ...plan("small"), votesPerPair: 8 })).rejects.toThrow(
    /7 raters.*8 votes/,
  );
});

/**
 * Pools in which the default once lost to majority or to Dawid-Skene by more than a point, two seeds each, of those that
 * were not used to choose its thresholds.
 */
import { expect, it } from "vitest";
import { LABEL_POOLS } from "../bench/pools/label-pools.js";
import { measurePool } from "../bench/pools/measure.js";
import { measureLabelPool } from "../bench/pools/measure-labels.js";
import { POOLS } from "../bench/pools/pools.js";

const SEEDS = [101, 102];
/** Points that the mean of two draws may differ by from that of many. */
const SLACK = 0.015;

const named = <P extends { name: string }>(pools: readonly P[], name: string): P => {
  const found = pools.find((pool) => pool.name === name);
  if (found === undefined) throw new Error(`there is no pool ${name}`);
  return found;
};

it.each([
  "one label of nine in ten, skills from .55 to .95",
  "one label of nine in ten, 15 always say it",
  "one label of nine in ten, 15 always say the other",
  "one label of nine in ten, 12 see the other in every third item",
  "five labels in order, wrong ones beside the true one",
])("labels: %s", (name) => {
  const drawn = SEEDS.map((seed) => measureLabelPool(named(LABEL_POOLS, name), seed));
  const mean = (method: "robust" | "majority" | "dawid-skene") =>
    drawn.reduce((sum, { accuracy }) => sum + accuracy[method] / SEEDS.length, 0);
  expect(mean("robust")).toBeGreaterThan(Math.max(mean("majority"), mean("dawid-skene")) - SLACK);
  for (const { raters } of drawn)
    expect(raters.honest.flagged + raters.dissenting.flagged).toBeLessThanOrEqual(1);
});

it("two languages, of which one has the better raters", () => {
  const pool = named(POOLS, "two languages, 20 raters of .85 for one, 20 of .62 for the other");
  const drawn = SEEDS.map((seed) => measurePool(pool, seed));
  const lost = drawn.map(({ accuracy: a }) => a.robust - Math.max(a.majority, a["dawid-skene"]));
  expect(lost.reduce((sum, one) => sum + one / SEEDS.length, 0)).toBeGreaterThan(-SLACK);
  expect(drawn.map(({ raters }) => raters.honest.flagged)).toEqual([0, 0]);
});

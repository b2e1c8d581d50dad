/**
 * The default beside majority in the designs of `npm run report:pools -- --designs` that once cost it most; few draws
 * of each.
 */
import { expect, it } from "vitest";
import { nameOf, trial } from "../bench/pools/against-majority.js";
import { DESIGNS } from "../bench/pools/designs.js";

const DRAWS = 12;
/** Points that so few draws may lose; before, each of these lost 4 to 24. */
const MAX_LOST = 2;

it.each([
  "half of the raters miss half of a rare label (10%), three votes",
  "one who does a third of it always says the common label (80%)",
  "two equal models, one vote a battle",
  "ten models that say nothing, one vote a battle",
  "ten models that say nothing, three votes a battle",
])("no prior and no habit of the pool outvotes the votes: %s", (name) => {
  const design = DESIGNS.find((one) => nameOf(one) === name);
  if (design === undefined) throw new Error(`no design ${name}`);
  let gained = 0;
  for (let seed = 101; seed < 101 + DRAWS; seed++) {
    const { robust, majority } = trial(design, seed);
    gained += (100 * (robust - majority)) / DRAWS;
  }
  expect(gained).toBeGreaterThan(-MAX_LOST);
});

// Time of `plumb aggregate` with the default method on a million votes of ten thousand raters, as labels and as
// comparisons, reading and writing included. Each must take less than a minute on two cores.
//
//   npm run check:aggregate-speed            a million votes
//   npm run check:aggregate-speed -- 100000  another number
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RandomStream } from "../dist/base/random.js";

const votes = Number(process.argv[2] ?? 1_000_000);
const RATERS = 10_000;
const VOTES_PER_ITEM = 5;
const RING = 0.1;
const BAR_SECONDS = 60;
const dir = mkdtempSync(join(tmpdir(), "aggregate-speed-"));

/** A tenth of the raters copy one key of answers; the others are right with a probability between .6 and .95. */
async function write(path, header, row) {
  const random = new RandomStream(1, "speed");
  const skill = Array.from({ length: RATERS }, () => 0.6 + 0.35 * random.uniform());
  const file = createWriteStream(path);
  file.write(`${header}\n`);
  for (let item = 0; item < votes / VOTES_PER_ITEM; item++) {
    const truth = random.int(2);
    const key = random.int(2);
    const asked = new Set();
    // Raters work in teams of 50 on neighbouring items, so that some share several items.
    const team = Math.floor(item / 1000) * 50;
    while (asked.size < VOTES_PER_ITEM) asked.add((team + random.int(200)) % RATERS);
    let lines = "";
    for (const rater of asked) {
      const said = rater % 10 < 10 * RING ? key : random.bernoulli(skill[rater]) ? truth : 1 - truth;
      lines += `${row(item, rater, said, random)}\n`;
    }
    if (!file.write(lines)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

let failed = false;
for (const [kind, header, row] of [
  ["labels", "item,rater,label", (item, rater, said) => `item${item},rater${rater},${said ? "yes" : "no"}`],
  [
    "comparisons",
    "item,rater,left,right,winner",
    (item, rater, said, random) => {
      const turned = random.bernoulli(0.5);
      const sides = turned ? `b${item},a${item}` : `a${item},b${item}`;
      return `item${item},rater${rater},${sides},${(said === 1) !== turned ? "left" : "right"}`;
    },
  ],
]) {
  const path = join(dir, `${kind}.csv`);
  await write(path, header, row);
  const began = performance.now();
  const args = ["dist/cli/main.js", "aggregate", "--votes", path, "--out", join(dir, kind), "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 30 });
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(stderr);
  const { raters, flagged } = JSON.parse(stdout);
  const ring = flagged.filter(({ rater }) => Number(rater.slice(5)) % 10 < 10 * RING).length;
  console.log(
    `${kind}: ${votes} votes of ${raters} raters in ${seconds.toFixed(1)} s; flagged ${ring} of the ring, ${flagged.length - ring} others`,
  );
  failed ||= seconds > BAR_SECONDS;
}
rmSync(dir, { recursive: true });
process.exit(failed ? 1 : 0);

/** A project that has run for some days, with raters good and bad: what the lead's pages have to show. */

import { RandomStream } from "../../../src/base/random.js";
import {
  addItems,
  addRater,
  createProject,
  joinProject,
  publishGuidelines,
  setPerson,
} from "../../../src/feedback/store/index.js";
import type { Answer, Verdict } from "../../../src/votes/tasks/index.js";
import type { TestSite } from "./site.js";

const DAY = 86_400_000;
const DAYS = 6;
const TOPICS = ["rainbows", "bread", "tides", "chess", "bees", "glass", "echoes", "yeast", "magnets", "snow"];

/** What a model might write to get out of its frame. */
const HOSTILE = `

<img src="https://elsewhere.example/x.png" onerror="document.title='run'"> ![](https://elsewhere.example/y.png)`;

/** How often each is right, in which group, how fast in seconds; the last one always takes the first place. */
const RATERS = [
  { name: "Ada", right: 0.9, group: "north", seconds: 14 },
  { name: "Ben", right: 0.85, group: "north", seconds: 11 },
  { name: "Cora", right: 0.85, group: "south", seconds: 17 },
  { name: "Dev", right: 0.8, group: "south", seconds: 9 },
  { name: "Eli", right: 0.5, group: "south", seconds: 6 },
  { name: "Fay", right: undefined, group: "north", seconds: 0.4 },
];

/** @returns the project, its items, and its raters in the order above. */
export async function pilotProject(
  site: TestSite,
  lead: string,
): Promise<{ project: string; items: string[]; raters: string[] }> {
  const { store } = site;
  site.setClock(-DAYS * DAY);
  const draw = new RandomStream(7, "test/desk/pilot");
  const { id: project } = await createProject(
    store,
    {
      name: "Helpfulness pilot",
      task: { kind: "pairwise" },
      settings: { overlap: 5, goldRate: 0.15, repeatRate: 0.1, repeatAfter: 3 },
      guidelines: "# Which answer helps more?\n\nRead both to the end.\n",
      seed: 7,
    },
    "system",
  );
  await store.write(({ db, now }) =>
    db.insertInto("staff").values({ project_id: project, account_id: lead, created_at: now }).execute(),
  );
  const item = (i: number, gold = false) => ({
    content: {
      prompt: `${gold ? "Check" : "Explain"} ${TOPICS[i % TOPICS.length]} to a child, in ${2 + (i % 4)} sentences.`,
      responses: inOrder(i, [
        {
          name: "careful",
          text: `**${TOPICS[i % TOPICS.length]}** come about step by step. ${"It is simpler than it looks. ".repeat(1 + (i % 3))}`,
          source: "run-b",
        },
        {
          name: "hasty",
          text: `Nobody really knows why there are ${TOPICS[i % TOPICS.length]}.${i === 0 ? HOSTILE : ""}`,
          source: "run-a",
        },
      ]),
    },
    ...(gold && { gold: verdict(i % 2 === 0 ? "left" : "right") }),
  });
  const items = await addItems(
    store,
    project,
    [...Array.from({ length: 40 }, (_, i) => item(i)), ...Array.from({ length: 6 }, (_, i) => item(i, true))],
    "system",
  );
  const raters: string[] = [];
  for (const { name, group } of RATERS) {
    const { id } = await addRater(store, {}, "system");
    await setPerson(store, id, { name }, "system");
    await joinProject(store, { project, rater: id, group }, "system");
    raters.push(id);
  }
  for (let day = 0; day < DAYS; day++) {
    site.setClock((day - DAYS) * DAY);
    if (day === 3)
      await publishGuidelines(
        store,
        project,
        {
          text: "# Which answer helps more?\n\nRead both to the end. A wrong answer is not helpful.\n",
          after: 1,
        },
        "system",
      );
    for (const [r, rater] of raters.entries())
      for (let turn = 0; turn < 6; turn++) {
        const { leases } = await store.lease({ project, rater, count: 1 });
        if (leases.length === 0) break;
        const [lease] = leases;
        const { right, seconds } = RATERS[r];
        const better = lease.responses[0].includes("step by step") ? "left" : "right";
        const said: Verdict =
          right === undefined
            ? "left"
            : draw.uniform() < right
              ? better
              : better === "left"
                ? "right"
                : "left";
        await store.vote({
          lease: lease.id,
          rater,
          answer: {
            ...verdict(said),
            ...(turn === 0 && { rationale: "It says why, and the other does not." }),
          },
          milliseconds: Math.round(1000 * seconds * (0.7 + 0.6 * draw.uniform())),
        });
      }
  }
  site.setClock(0);
  return { project, items, raters };
}

/** The better answer is stored first in half of the items. */
const inOrder = <T>(i: number, responses: T[]): T[] => (i % 2 === 0 ? responses : responses.reverse());

export function verdict(said: Verdict): Answer & { kind: "pairwise" } {
  return { kind: "pairwise", aspects: { overall: { verdict: said } }, flags: [] };
}

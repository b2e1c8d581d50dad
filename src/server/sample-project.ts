/** Makes the sample project, on which a lead can try every page of the desk. */
import { addStaff } from "../feedback/store/accounts/index.js";
import {
  addItems,
  addRater,
  createProject,
  holdVotes,
  joinProject,
  MAX_LEASES,
  type NewItem,
  type Project,
  raterVotes,
  type Store,
  setPerson,
  skipItem,
} from "../feedback/store/index.js";
import type { Answer } from "../votes/tasks/index.js";
import { answerOnScreen } from "../votes/tasks/places.js";
import type { SampleLanguage } from "./contract/lead.js";
import { SAMPLES, type SampleTexts } from "./sample-texts.js";

/** Seed of its draws: every sample is handed out alike. */
const SEED = 18;
/** Votes wanted of an item: one more than there are made-up raters, so that the lead finds items to judge. */
const OVERLAP = 5;
const RATERS = ["Ada", "Ben", "Cora", "Dev"];
/** Which of them skips a pair, and who is too quick, so that votes are held. */
const SKIPS = 2;
const QUICK = 3;
const QUICK_MILLISECONDS = 900;
const HELD = 3;
/** Group of the made-up raters. */
const GROUP = "sample";
/** A made-up reader's words in a second, and the seconds that a verdict takes besides. */
const WORDS_A_SECOND = 4;
const VERDICT_SECONDS = 2;

type Pair = SampleTexts["pairs"][number];

/**
 * A project of comparisons with ten pairs, two of them gold, that four made-up raters have judged; one of them skipped a
 * pair, and of one some votes are held. The raters have names and no accounts.
 *
 * @param by whose account comes on its staff, and who acts, for the audit log.
 */
export async function makeSampleProject(
  store: Store,
  language: SampleLanguage,
  { account, actor }: { account: string; actor: string },
): Promise<Project> {
  const { name, guidelines, pairs } = SAMPLES[language];
  const project = await createProject(
    store,
    {
      name,
      guidelines,
      seed: SEED,
      task: { kind: "pairwise" },
      settings: { overlap: OVERLAP, goldRate: 0.2 },
    },
    actor,
  );
  await addStaff(store, project.id, account, actor);
  await addItems(
    store,
    project.id,
    pairs.map((pair) => itemOf(pair, language)),
    actor,
  );
  // All together, so that they share commits.
  const raters = await Promise.all(RATERS.map(() => addRater(store, { languages: [language] }, actor)));
  await Promise.all(raters.map(({ id }, r) => setPerson(store, id, { name: RATERS[r] }, actor)));
  await Promise.all(
    raters.map(({ id }) => joinProject(store, { project: project.id, rater: id, group: GROUP }, actor)),
  );
  await Promise.all(raters.map(({ id }, r) => judgeAll(store, project.id, id, r, SAMPLES[language])));
  const quick = await raterVotes(store, project.id, raters[QUICK].id, HELD);
  const evidence = { reason: SAMPLES[language].held };
  const findings = quick.map(({ id }) => ({ vote: id, filter: "too-fast", evidence }));
  await holdVotes(store, project.id, findings, actor);
  return project;
}

/** Has one of the made-up raters judge all that is handed out. @param r which of them. */
async function judgeAll(
  store: Store,
  project: string,
  rater: string,
  r: number,
  { pairs, rationale, skipped }: SampleTexts,
): Promise<void> {
  for (;;) {
    const { leases } = await store.lease({ project, rater, count: MAX_LEASES });
    if (leases.length === 0) return;
    await Promise.all(
      leases.map((lease) => {
        const pair = pairs.find(({ prompt }) => prompt === lease.prompt) as Pair;
        if (r === SKIPS && pair === pairs.at(-1))
          return skipItem(store, lease.id, rater, { reason: "broken", note: skipped });
        const order = lease.responses.map((text) => pair.replies.indexOf(text));
        const answer = answerOf(pair.said[r], r === 0 && pair === pairs[0] ? rationale : undefined);
        return store.vote({
          lease: lease.id,
          rater,
          answer: answerOnScreen(answer, order),
          client: GROUP,
          milliseconds: r === QUICK ? QUICK_MILLISECONDS : readingTime(pair),
        });
      }),
    );
  }
}

function itemOf({ prompt, replies, gold }: Pair, language: SampleLanguage): NewItem {
  const responses = replies.map((text, i) => ({ name: `reply ${i + 1}`, text, source: `model-${"ab"[i]}` }));
  return {
    content: { prompt, responses, language },
    ...(gold && { gold: answerOf(`${gold}.3`) }),
  };
}

/** In the stored order of the replies. */
function answerOf(said: Pair["said"][number], rationale?: string): Answer {
  const [side, strength] = said.split(".");
  const verdict =
    said === "tie" ? "tie" : said === "bad" ? "both-bad" : side === "1" ? ("left" as const) : "right";
  return {
    kind: "pairwise",
    aspects: { overall: { verdict, ...(strength && { strength: Number(strength) }) } },
    flags: [],
    ...(rationale && { rationale }),
  };
}

function readingTime({ prompt, replies }: Pair): number {
  const words = [prompt, ...replies].join(" ").split(" ").length;
  return Math.round(1000 * (VERDICT_SECONDS + words / WORDS_A_SECOND));
}

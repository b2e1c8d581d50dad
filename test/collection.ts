/** Small projects for tests of the store. */
import {
  addItems,
  addRater,
  createProject,
  exportVotes,
  joinProject,
  type NewItem,
  type NewProject,
  type Project,
  type Store,
} from "../src/feedback/store/index.js";
import type { Answer, CastVote, Verdict } from "../src/votes/tasks/index.js";

export interface Collection {
  project: Project;
  items: string[];
  raters: string[];
}

/** A comparison of two responses; its prompt says which. */
export function pair(i: number, rest: Partial<NewItem> = {}): NewItem {
  const responses = [
    { name: "good", text: `good ${i}` },
    { name: "bad", text: `bad ${i}` },
  ];
  return { content: { prompt: `prompt ${i}`, responses }, ...rest };
}

/** A project with comparisons, and raters who work in it. */
export async function collection(
  store: Store,
  {
    settings,
    items = 3,
    raters = 2,
    more = [],
    ...project
  }: Partial<NewProject> & { items?: number; raters?: number; more?: NewItem[] } = {},
): Promise<Collection> {
  const made = await createProject(
    store,
    { name: "pilot", task: { kind: "pairwise" }, seed: 7, ...project, settings },
    "system",
  );
  const rows = [...Array.from({ length: items }, (_, i) => pair(i)), ...more];
  const people = await Promise.all(Array.from({ length: raters }, () => worker(store, made.id)));
  return { project: made, items: await addItems(store, made.id, rows, "system"), raters: people };
}

/** A rater who works in the project. */
export async function worker(
  store: Store,
  project: string,
  languages: string[] = [],
  group?: string,
): Promise<string> {
  const { id } = await addRater(store, { languages }, "system");
  await joinProject(store, { project, rater: id, group }, "system");
  return id;
}

export function verdict(verdict: Verdict, rest: Partial<Answer> = {}): Answer {
  return { kind: "pairwise", aspects: { overall: { verdict } }, flags: [], ...rest } as Answer;
}

/** Takes the next item and votes on it. */
export async function judge(
  store: Store,
  project: string,
  rater: string,
  answer = verdict("left"),
): Promise<CastVote> {
  const { leases } = await store.lease({ project, rater });
  return (await store.vote({ lease: leases[0].id, rater, answer })).vote;
}

export async function votesOf(store: Store, project: string): Promise<CastVote[]> {
  const votes: CastVote[] = [];
  for await (const { gold: _gold, review: _review, excluded: _excluded, ...vote } of exportVotes(
    store,
    project,
  ))
    votes.push(vote);
  return votes;
}

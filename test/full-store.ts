/** A store in which everything happened that an installation does: every table of the audit log's cover has rows. */
import {
  addAccount,
  addInvitation,
  addKey,
  addSession,
  addStaff,
  changeAccount,
  enterProject,
  useInvitation,
  withdrawInvitation,
} from "../src/feedback/store/accounts/index.js";
import {
  adjudicateItem,
  answerTraining,
  changeSettings,
  correctVote,
  createProject,
  decideReview,
  holdVotes,
  joinProject,
  leaveProject,
  listReviews,
  publishGuidelines,
  type Store,
  setMemberState,
  setPerson,
  setPriorities,
  setProjectState,
  setReliabilities,
  skipItem,
  withdrawItem,
  writeToRater,
} from "../src/feedback/store/index.js";
import { collection, judge, pair, verdict, worker } from "./collection.js";

/** What can be told apart in the bytes of a file, and has to be gone from them. */
export const PERSON = {
  name: "Zaphod Unique-Name",
  login: "zaphod-login",
  note: "call me on 555-0199",
  reason: "was seen asleep at the desk",
  remark: "says that the dog ate it",
};

export interface FullStore {
  project: string;
  /** The rater of the person above; the account is this rater's. */
  rater: string;
  account: string;
  items: string[];
  raters: string[];
}

const hash = (letter: string) => letter.repeat(64);

/** Does one of everything. @param seen called after each step, with its name. */
export async function fullStore(
  store: Store,
  seen: (step: string) => Promise<void> = async () => {},
): Promise<FullStore> {
  const admin = await store.write((write) =>
    addAccount(write, { login: "ada", passwordHash: "$argon2id$a", role: "admin", languages: ["en"] }),
  );
  const actor = `admin:${admin.id}`;
  await seen("an account");
  const training = { ...pair(20), gold: verdict("left"), explanation: "The left one answers." };
  const { project, items, raters } = await collection(store, {
    ...{ items: 8, raters: 4, guidelines: "Be kind." },
    more: [training, { ...pair(21), gold: verdict("right") }, pair(22, { audience: "late", overlap: 2 })],
    settings: { overlap: 3, stop: { probability: 0.95, leastVotes: 2, reliability: 0.75 } },
  });
  await seen("a project");
  const { invitation } = await store.write(async (write) => {
    const made = { role: "rater", project: project.id, hours: 5 } as const;
    return { invitation: await addInvitation(write, made, hash("a"), actor) };
  });
  await addAnInvitation(store, project.id, actor, "b");
  await addAnInvitation(store, project.id, actor, "c");
  await seen("invitations");
  const person = await store.write(async (write) => {
    const used = await useInvitation(write, hash("a"));
    const languages = ["en", "de"];
    const { name, login } = PERSON;
    const fresh = { login, name, passwordHash: "$argon2id$z", role: used.role, languages };
    const account = await addAccount(write, fresh);
    await enterProject(write, account, used);
    write.audit(`rater:${account.id}`, "invitation.used", invitation.id);
    return account;
  });
  await withdrawAnInvitation(store, project.id, actor);
  await seen("an invitation used and one withdrawn");
  await setPerson(store, person.rater, { name: PERSON.name, email: "z@example.org" }, actor);
  await store.write((write) => addSession(write, person, { tokenHash: hash("d"), milliseconds: 1e9 }));
  await addKey(store, admin.id, { name: "ci", hash: hash("e"), prefix: "plumb_e", scopes: ["read"] }, actor);
  const lead = await store.write((write) =>
    addAccount(write, { login: "lea", passwordHash: "$argon2id$c", role: "rater", languages: [] }),
  );
  await changeAccount(store, lead.id, { role: "lead" }, actor);
  await addStaff(store, project.id, lead.id, actor);
  await seen("sessions, keys, staff");
  await changeSettings(store, project.id, { leaseSeconds: 900 }, actor);
  await setProjectState(store, project.id, "paused", actor);
  await setProjectState(store, project.id, "open", actor);
  await publishGuidelines(store, project.id, { text: "Be kind and exact.", after: 1 }, actor);
  await setPriorities(store, project.id, new Map([[items[3], 2.5]]), actor);
  await seen("settings, guidelines, priorities");
  const people = [...raters, person.rater];
  for (const rater of people)
    await answerTraining(store, { project: project.id, item: items[8], rater, answer: verdict("left") });
  await seen("training");
  const votes = [];
  for (let turn = 0; turn < 3; turn++)
    for (const rater of people)
      votes.push(await judge(store, project.id, rater, verdict(turn === 1 ? "tie" : "left")));
  await correctVote(store, { vote: votes[0].id, rater: people[0], answer: verdict("tie") });
  const own = votes.find(({ rater }) => rater === person.rater) ?? votes[0];
  await seen("votes and a correction");
  const findings = [votes[1], votes[2], own].map(({ id }) => ({ vote: id, filter: "too-fast", evidence: 1 }));
  await holdVotes(store, project.id, findings, actor);
  for (const { id, vote } of await listReviews(store, project.id))
    if (vote === own.id) await decideReview(store, id, { state: "rejected", note: PERSON.remark }, actor);
    else if (vote === votes[1].id) await decideReview(store, id, { state: "released" }, actor);
  await seen("reviews");
  const { leases } = await store.lease({ project: project.id, rater: person.rater });
  await skipItem(store, leases[0].id, person.rater, { reason: "other", note: PERSON.note });
  await store.lease({ project: project.id, rater: raters[1] });
  await withdrawItem(store, items[7], "a typing error", actor);
  await seen("a skip, a withdrawal");
  await adjudicateItem(store, own.item, { answer: verdict("tie"), note: "Both say the same." }, actor);
  const about = { project: project.id, rater: person.rater, text: PERSON.remark };
  await writeToRater(store, about, actor);
  await seen("a lead's verdict, a message");
  await setReliabilities(store, project.id, new Map([[raters[0], 0.9]]), actor);
  const state = (rater: string, to: "paused" | "excluded", reason: string) =>
    setMemberState(store, { project: project.id, rater, state: to, reason }, actor);
  await state(raters[2], "excluded", "copied");
  await state(person.rater, "paused", PERSON.reason);
  await leaveProject(store, project.id, raters[3], actor);
  await joinProject(store, { project: project.id, rater: raters[3], group: "late" }, actor);
  await seen("states of members");
  await changeSettings(store, project.id, { overlap: 4 }, actor);
  await seen("another overlap");
  return { project: project.id, rater: person.rater, account: person.id, items, raters };
}

async function addAnInvitation(store: Store, project: string, actor: string, letter: string): Promise<void> {
  await store.write((write) =>
    addInvitation(write, { role: "rater", project, hours: 5 }, hash(letter), actor),
  );
}

async function withdrawAnInvitation(store: Store, project: string, actor: string): Promise<void> {
  const { id } = await store.db
    .selectFrom("invitations")
    .select("id")
    .where("token_hash", "=", hash("c"))
    .executeTakeFirstOrThrow();
  await withdrawInvitation(store, id, actor, project);
}

/** A second project with votes, which is then deleted. @returns its id. */
export async function deletedProject(store: Store): Promise<string> {
  const { project } = await collection(store, { items: 4, raters: 0, name: "old one" });
  const rater = await worker(store, project.id);
  const vote = await judge(store, project.id, rater, verdict("left", { rationale: PERSON.remark }));
  await correctVote(store, { vote: vote.id, rater, answer: verdict("tie") });
  await holdVotes(store, project.id, [{ vote: vote.id, filter: "too-fast", evidence: 1 }], "system");
  const [review] = await listReviews(store, project.id);
  await decideReview(store, review.id, { state: "rejected", note: PERSON.remark }, "system");
  await judge(store, project.id, rater);
  const { leases } = await store.lease({ project: project.id, rater });
  await skipItem(store, leases[0].id, rater, { reason: "other", note: PERSON.note });
  await store.lease({ project: project.id, rater });
  await setProjectState(store, project.id, "deleted", "system");
  await createProject(store, { name: "another", task: { kind: "pairwise" } }, "system");
  return project.id;
}

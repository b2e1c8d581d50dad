/**
 * Every right that somebody can hold, against every way of losing it. A cell is what the server answers to the act
 * after the loss: a status, or a word where the status alone does not tell. In the column "none" nothing was lost; a
 * cell that equals it says that the right stays.
 */
import { describe, it } from "vitest";
import {
  type Act,
  begunOnce,
  type Cell,
  manyCorrections,
  newcomer,
  slowly,
  status,
  tableOf,
  tryAll,
} from "../../test/rights.js";
import { leftWins, ORIGIN, PAIR, PASSWORD, type Person, type TestServer } from "../../test/server.js";
import { API } from "./app.js";

const DAY = 86_400_000;
const NEXT = "quite another long one";

/** What a rater may do. `member` columns are about the project, `account` columns about the account. */
const RATER = tableOf(`
right                       | none  | paused | excluded | removed | moved | shut out | deleted | signed out | password | and keys | key revoked | a day later | project paused | closed | project deleted | items withdrawn | guidelines
---
sign in                     | 201   | 201    | 201      | 201     | 201   | 401      | 401     | 201        | 401      | 401      | 201         | 201         | 201            | 201    | 201             | 201             | 201
session                     | 200   | 200    | 200      | 200     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200            | 200    | 200             | 200             | 200
project among one's own     | yes   | yes    | yes      | no      | yes   | 401      | 401     | 401        | 401      | 401      | yes         | 401         | yes            | yes    | no              | yes             | yes
read the project            | 200   | 200    | 200      | 404     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200            | 200    | 404             | 200             | 200
read the guidelines         | 200   | 200    | 200      | 404     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200            | 200    | 404             | 200             | 200
see how far one is          | 200   | 200    | 200      | 404     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200            | 200    | 404             | 200             | 200
key: read                   | 200   | 200    | 200      | 404     | 200   | 401      | 401     | 200        | 200      | 401      | 401         | 401         | 200            | 200    | 404             | 200             | 200
key: vote                   | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 200        | 200      | 401      | 401         | 401         | 409            | 409    | 409             | 409             | 200
key: take items             | items | paused | excluded | 403     | items | 401      | 401     | items      | items    | 401      | 401         | 401         | 409            | 409    | 404             | no-items        | items
renew a lease               | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 404             | 410             | 200
save a draft                | 204   | 403    | 403      | 403     | 204   | 401      | 401     | 401        | 401      | 401      | 204         | 401         | 204            | 204    | 404             | 410             | 204
get again what is held      | items | paused | excluded | 403     | items | 401      | 401     | 401        | 401      | 401      | items       | 401         | 409            | 409    | 404             | no-items        | items
vote in one's group, slowly | 200   | 403    | 403      | 403     | 410   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 409             | 409             | 200
vote                        | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 409             | 409             | 200
vote among several          | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 409             | 409             | 200
skip                        | 204   | 403    | 403      | 403     | 204   | 401      | 401     | 401        | 401      | 401      | 204         | 401         | 409            | 409    | 404             | 410             | 204
give back                   | 204   | 403    | 403      | 403     | 204   | 401      | 401     | 401        | 401      | 401      | 204         | 401         | 204            | 204    | 404             | 410             | 204
correct                     | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 404             | 200             | 200
correct, sent slowly        | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 404             | 200             | 200
see training                | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 404             | 200             | 200
answer training             | 200   | 403    | 403      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 409            | 409    | 404             | 404             | 200
own votes                   | 200   | 200    | 200      | 200     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200            | 200    | 404             | 200             | 200
own bookmarks               | 200   | 200    | 200      | 200     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200            | 200    | 404             | 200             | 200
add a bookmark              | 204   | 403    | 403      | 403     | 204   | 401      | 401     | 401        | 401      | 401      | 204         | 401         | 204            | 204    | 404             | 204             | 204
remove a bookmark           | 204   | 204    | 204      | 204     | 204   | 401      | 401     | 401        | 401      | 401      | 204         | 401         | 204            | 204    | 204             | 204             | 204
make a key                  | 201   | 201    | 201      | 201     | 201   | 401      | 401     | 401        | 401      | 401      | 201         | 401         | 201            | 201    | 201             | 201             | 201
join by a link made before  | 200   | 200    | 200      | 403     | 200   | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200            | 200    | 410             | 200             | 200
then take items             | items | paused | excluded | 403     | items | 401      | 401     | 401        | 401      | 401      | items       | 401         | 409            | 409    | 404             | no-items        | items
places of what was held     | held  | free   | free     | free    | held  | free     | free    | held       | held     | held     | held        | free        | held           | held   | held            | free            | held
`);

/** What a lead may do, in person and by a key, and what the lead's links open for others. */
const LEAD = tableOf(`
right                       | none  | reviewer | rater | off the staff | shut out | deleted | signed out | password | and keys | key revoked | a day later | closed | project deleted
---
sign in                     | 201   | 201      | 201   | 201           | 401      | 401     | 201        | 401      | 401      | 201         | 201         | 201    | 201
session                     | 200   | 401      | 401   | 200           | 401      | 401     | 401        | 401      | 401      | 200         | 401         | 200    | 200
an export that runs         | whole | broken   | broken | broken       | broken   | broken  | broken     | broken   | broken   | whole       | broken      | whole  | broken
add items, sent slowly      | 201   | 401      | 401   | 404           | 401      | 401     | 401        | 401      | 401      | 201         | 401         | 201    | 404
signed in anew: session     | 200   | 200      | 200   | 200           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 200
read the project            | 200   | 200      | 404   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
read its settings           | yes   | yes      | 404   | 404           | 401      | 401     | yes        | yes      | yes      | yes         | yes         | yes    | 404
read items                  | 200   | 200      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
votes of an item            | 200   | 200      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
agreement                   | 200   | 200      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
table of raters             | 200   | 200      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
held votes                  | 200   | 200      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
decide a held vote          | 204   | 204      | 403   | 404           | 401      | 401     | 204        | 204      | 204      | 204         | 204         | 204    | 404
hold a vote                 | 201   | 201      | 403   | 404           | 401      | 401     | 201        | 201      | 201      | 201         | 201         | 201    | 404
export votes                | 200   | 403      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
export rows for training    | 200   | 403      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
add items                   | 201   | 403      | 403   | 404           | 401      | 401     | 201        | 201      | 201      | 201         | 201         | 201    | 404
withdraw an item            | 204   | 403      | 403   | 404           | 401      | 401     | 204        | 204      | 204      | 204         | 204         | 204    | 404
change settings             | 200   | 403      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
publish guidelines          | 201   | 403      | 403   | 404           | 401      | 401     | 201        | 201      | 201      | 201         | 201         | 201    | 404
list raters                 | 200   | 403      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
pause a rater               | 204   | 403      | 403   | 404           | 401      | 401     | 204        | 204      | 204      | 204         | 204         | 204    | 404
list the staff              | 200   | 403      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
list invitations            | 200   | 403      | 403   | 404           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 404
invite                      | 201   | 403      | 403   | 404           | 401      | 401     | 201        | 201      | 201      | 201         | 201         | 201    | 404
begin a project             | 201   | 403      | 403   | 201           | 401      | 401     | 201        | 201      | 201      | 201         | 201         | 201    | 201
key: read items             | 200   | 200      | 403   | 404           | 401      | 401     | 200        | 200      | 401      | 401         | 401         | 200    | 404
key: add items              | 201   | 403      | 403   | 404           | 401      | 401     | 201        | 201      | 401      | 401         | 401         | 201    | 404
a rater's link made before  | 201   | 410      | 410   | 410           | 410      | 410     | 201        | 201      | 201      | 201         | 201         | 201    | 410
a reviewer's link           | 201   | 410      | 410   | 410           | 410      | 410     | 201        | 201      | 201      | 201         | 201         | 201    | 410
a link made by the key      | 201   | 410      | 410   | 410           | 410      | 410     | 201        | 201      | 410      | 410         | 410         | 201    | 410
join by another lead's link | 200   | 200      | 409   | 403           | 401      | 401     | 200        | 200      | 200      | 200         | 200         | 200    | 410
`);

/** What an admin may do, and what the admin's links open for others. */
const ADMIN = tableOf(`
right                       | none | lead | rater | shut out | deleted | signed out | password | key revoked
---
session                     | 200  | 401  | 401   | 401      | 401     | 401        | 401      | 200
change one, sent slowly     | 200  | 401  | 401   | 401      | 401     | 401        | 401      | 200
signed in anew: session     | 200  | 200  | 200   | 401      | 401     | 200        | 200      | 200
list accounts               | 200  | 403  | 403   | 401      | 401     | 200        | 200      | 200
any project                 | 200  | 404  | 404   | 401      | 401     | 200        | 200      | 200
change an account           | 200  | 403  | 403   | 401      | 401     | 200        | 200      | 200
invite to an account        | 201  | 403  | 403   | 401      | 401     | 201        | 201      | 201
list all invitations        | 200  | 403  | 403   | 401      | 401     | 200        | 200      | 200
put on the staff            | 204  | 403  | 403   | 401      | 401     | 204        | 204      | 204
read the audit log          | 200  | 403  | 403   | 401      | 401     | 200        | 200      | 200
verify it                   | 200  | 403  | 403   | 401      | 401     | 200        | 200      | 200
key: audit log              | 200  | 403  | 403   | 401      | 401     | 200        | 200      | 401
an admin's link made before | 201  | 410  | 410   | 410      | 410     | 201        | 201      | 201
a lead's link made before   | 201  | 410  | 410   | 410      | 410     | 201        | 201      | 201
a rater's link to a project | 201  | 410  | 410   | 410      | 410     | 201        | 201      | 201
`);

/** The losses of an account: whose right is lost, and who takes it. */
interface Losing {
  server: TestServer;
  admin: Person;
  who: Person;
  login: string;
  keyId: string;
}
const changePassword = async ({ server, login }: Losing, revokeKeys: boolean) => {
  const elsewhere = server.nobody();
  await elsewhere.signIn(login);
  return elsewhere.put("/account/password", { current: PASSWORD, next: NEXT, revokeKeys });
};
const OF_ACCOUNT: Record<string, (world: Losing) => Promise<unknown>> = {
  none: async () => undefined,
  "shut out": ({ admin, who }) => admin.patch(`/accounts/${who.account}`, { state: "disabled" }),
  deleted: ({ admin, who }) => admin.delete(`/raters/${who.rater}/personal-data`),
  "signed out": async ({ server, who }) => {
    const samePerson = server.nobody();
    Object.assign(samePerson, { cookie: who.cookie, csrf: who.csrf });
    return samePerson.delete("/session");
  },
  password: (world) => changePassword(world, false),
  "and keys": (world) => changePassword(world, true),
  "key revoked": ({ who, keyId }) => who.delete(`/keys/${keyId}`),
  "a day later": async ({ server }) => server.later(DAY + 1),
};

/** A key that is good for a day. */
async function keyOf(server: TestServer, who: Person, scopes: string[]) {
  const { body } = await who.post("/keys", { name: "program", scopes, days: 1 });
  const key = server.nobody();
  key.key = body.key;
  return { key, keyId: body.id as string };
}

/** Signs in as somebody who may have a new password by now; nobody if that is refused. */
async function signedInAnew(server: TestServer, login: string): Promise<Person> {
  const person = server.nobody();
  for (const password of [PASSWORD, NEXT]) if ((await person.signIn(login, password)).status === 201) break;
  return person;
}

const tie = { kind: "pairwise", aspects: { overall: { verdict: "tie" } } };

describe("a rater's rights", () => {
  const begin = begunOnce(async (server) => {
    const [admin, lead] = [await server.person("admin"), await server.person("lead")];
    const settings = { overlap: 5, leaseSeconds: 86_400, correctionSeconds: 30 * 86_400 };
    const made = await lead.post("/projects", {
      name: "pilot",
      task: { kind: "pairwise" },
      settings,
      seed: 7,
    });
    const project: string = made.body.id;
    const training = { ...PAIR, gold: leftWins, explanation: "Look at the end." };
    const items = [training, { ...PAIR, audience: "g", priority: 9 }, ...Array(12).fill(PAIR)];
    const added = (await lead.post(`/projects/${project}/items`, { items })).body.ids as string[];
    const rater = await server.raterIn(lead, project, "g");
    const login = (await rater.get("/session")).body.account.login as string;
    const { key, keyId } = await keyOf(server, rater, ["read", "work"]);
    const link = (await lead.post(`/projects/${project}/invitations`, { group: "g" })).body.token as string;
    const at = `/projects/${project}`;
    await rater.post(`${at}/training/${added[0]}`, { answer: leftWins });
    const votes: string[] = [];
    const take = async (count: number) => (await rater.post(`${at}/leases`, { count })).body.leases;
    // The first is the group's; what is voted on here can be corrected later.
    const [ofGroup, first] = await take(2);
    votes.push((await rater.post(`/leases/${first.id}/vote`, { answer: leftWins })).body.vote);
    const [, second] = await take(2);
    votes.push((await rater.post(`/leases/${second.id}/vote`, { answer: leftWins })).body.vote);
    const [, ...leases] = await take(5);
    await rater.put(`/bookmarks/${leases[0].item}`, {});
    return {
      people: { admin, lead, rater, key },
      rest: { login, keyId, link, at, training: added[0], votes, ofGroup, leases },
    };
  });

  async function world() {
    const { server, people, rest } = await begin();
    const { admin, lead, rater, key } = people;
    const { login, keyId, link, at, training, votes, ofGroup, leases } = rest;
    const slow = {
      vote: slowly(server, rater, "POST", `/leases/${ofGroup.id}/vote`, { answer: leftWins }),
      correct: slowly(server, rater, "POST", `/votes/${votes[1]}/corrections`, { answer: tie }),
    };
    const taken = async (who: Person, count = 5): Promise<Cell> => {
      const { status: told, body } = await who.post(`${at}/leases`, { count });
      return told !== 200 ? told : body.leases.length > 0 ? "items" : body.none;
    };
    const [a, b, c, d] = leases;
    const vote = (lease: { id: string }, who = rater) =>
      status(() => who.post(`/leases/${lease.id}/vote`, { answer: leftWins }));
    const heldNow = async (): Promise<Cell> => {
      const rows = await server.store.db
        .selectFrom("leases")
        .select("id")
        .where("rater_id", "=", rater.rater)
        .where("state", "=", "live")
        .where("expires_at", ">", server.store.clock())
        .execute();
      return rows.length > 0 ? "held" : "free";
    };
    const placesBefore: Cell[] = [];
    const acts: Record<string, Act> = {
      "sign in": status(() => server.nobody().post("/session", { login, password: PASSWORD })),
      session: status(() => rater.get("/session")),
      "project among one's own": async () => {
        placesBefore.push(await heldNow());
        const { status: told, body } = await rater.get("/projects");
        return told !== 200 ? told : body.projects.length === 1 ? "yes" : "no";
      },
      "read the project": status(() => rater.get(at)),
      "read the guidelines": status(() => rater.get(`${at}/guidelines`)),
      "see how far one is": status(() => rater.get(`${at}/progress`)),
      "key: read": status(() => key.get(at)),
      "key: vote": vote(a, key),
      "key: take items": () => taken(key),
      "renew a lease": status(() => rater.post(`/leases/${b.id}/renewal`)),
      "save a draft": status(() => rater.put(`/leases/${b.id}/draft`, { draft: "half" })),
      "get again what is held": () => taken(rater),
      "vote in one's group, slowly": slow.vote,
      vote: vote(b),
      "vote among several": async () => {
        const { status: told, body } = await rater.post("/votes", {
          votes: [{ lease: c.id, answer: leftWins }],
        });
        return told === 200 ? (body.votes[0].status ?? 200) : told;
      },
      skip: status(() => rater.post(`/leases/${d.id}/skip`, { reason: "unclear" })),
      "give back": async () => {
        const free = await server.store.db
          .selectFrom("leases")
          .select("id")
          .where("rater_id", "=", rater.rater)
          .where("state", "=", "live")
          .executeTakeFirst();
        return (await rater.delete(`/leases/${free?.id ?? b.id}`)).status;
      },
      correct: status(() => rater.post(`/votes/${votes[0]}/corrections`, { answer: tie })),
      "correct, sent slowly": slow.correct,
      "see training": status(() => rater.get(`${at}/training`)),
      "answer training": status(() => rater.post(`${at}/training/${training}`, { answer: leftWins })),
      "own votes": status(() => rater.get(`${at}/own-votes`)),
      "own bookmarks": status(() => rater.get(`${at}/bookmarks`)),
      "add a bookmark": status(() => rater.put(`/bookmarks/${b.item}`, {})),
      "remove a bookmark": status(() => rater.delete(`/bookmarks/${a.item}`)),
      "make a key": status(() => rater.post("/keys", { name: "more", scopes: ["work"] })),
      "join by a link made before": status(() => rater.post("/invitations/join", { token: link })),
      "then take items": () => taken(rater),
      "places of what was held": async () => placesBefore[0],
    };
    return { server, admin, lead, who: rater, login, keyId, at, acts };
  }

  type World = Awaited<ReturnType<typeof world>>;
  const member = ({ lead, at, who }: World, state: string) =>
    lead.put(`${at}/members/${who.rater}/state`, { state, reason: "why" });
  const losses: Record<string, (world: World) => Promise<unknown>> = {
    ...OF_ACCOUNT,
    paused: (w) => member(w, "paused"),
    excluded: (w) => member(w, "excluded"),
    removed: ({ lead, at, who }) => lead.delete(`${at}/members/${who.rater}`),
    moved: ({ lead, at, who }) => lead.put(`${at}/members/${who.rater}`, { group: "h" }),
    "project paused": ({ lead, at }) => lead.patch(at, { state: "paused" }),
    closed: ({ lead, at }) => lead.patch(at, { state: "closed" }),
    "project deleted": ({ lead, at }) => lead.delete(at),
    "items withdrawn": async ({ lead, at }) => {
      for (const { id } of (await lead.get(`${at}/items`)).body.items)
        await lead.delete(`${at}/items/${id}`, { reason: "all" });
    },
    guidelines: ({ lead, at }) => lead.post(`${at}/guidelines`, { text: "new", after: 1 }),
  };

  it.each(RATER.columns)("after: %s", async (column) => {
    const made = await world();
    await losses[column](made);
    await tryAll(RATER, column, made.acts);
  });
});

describe("a lead's rights", () => {
  const finding = (vote: string, filter: string) => ({ findings: [{ vote, filter, evidence: 1 }] });
  const begin = begunOnce(async (server) => {
    const [admin, lead, other] = [
      await server.person("admin"),
      await server.person("lead", "lena"),
      await server.person("lead"),
    ];
    const settings = { overlap: 5, leaseSeconds: 86_400 };
    const made = await lead.post("/projects", {
      name: "pilot",
      task: { kind: "pairwise" },
      settings,
      seed: 7,
    });
    const at = `/projects/${made.body.id}`;
    await admin.put(`${at}/staff/${other.account}`);
    const items = (await lead.post(`${at}/items`, { items: Array(9).fill(PAIR) })).body.ids as string[];
    const rater = await server.raterIn(lead, made.body.id);
    const votes: string[] = [];
    for (let i = 0; i < 2; i++) {
      const [lease] = (await rater.post(`${at}/leases`)).body.leases;
      votes.push((await rater.post(`/leases/${lease.id}/vote`, { answer: leftWins })).body.vote);
    }
    await lead.post(`${at}/reviews`, finding(votes[0], "too-fast"));
    const review = (await lead.get(`${at}/reviews`)).body.reviews[0].id as string;
    const { key, keyId } = await keyOf(server, lead, ["read", "write"]);
    const link = async (who: Person, body: object) =>
      (await who.post(`${at}/invitations`, body)).body.token as string;
    const links = {
      rater: await link(lead, {}),
      reviewer: await link(lead, { role: "reviewer" }),
      key: await link(key, {}),
      others: await link(other, { role: "reviewer" }),
    };
    await manyCorrections(server, votes[1]);
    return {
      people: { admin, lead, other, key },
      rest: { at, items, rater: rater.rater, vote: votes[1], review, keyId, links },
    };
  });

  async function world() {
    const { server, people, rest } = await begin();
    const { admin, lead, other, key } = people;
    const { at, items, rater, vote, review, keyId, links } = rest;
    const slow = slowly(server, lead, "POST", `${at}/items`, { items: [PAIR] });
    const running = await server.app.request(`${ORIGIN}${API}${at}/votes`, {
      headers: { cookie: lead.cookie ?? "" },
    });
    const reader = (running.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    let anew = lead;
    const ask = (method: string, path: string, body?: unknown): Act =>
      status(() => anew.ask(method, path, body));
    const acts: Record<string, Act> = {
      "sign in": status(() => server.nobody().post("/session", { login: "lena", password: PASSWORD })),
      session: status(() => lead.get("/session")),
      "an export that runs": async () => {
        try {
          while (!(await reader.read()).done);
          return "whole";
        } catch {
          return "broken";
        }
      },
      "add items, sent slowly": slow,
      "signed in anew: session": async () => {
        anew = await signedInAnew(server, "lena");
        return (await anew.get("/session")).status;
      },
      "read the project": ask("get", at),
      "read its settings": async () => {
        const { status: told, body } = await anew.get(at);
        return told !== 200 ? told : body.settings === undefined ? "no" : "yes";
      },
      "read items": ask("get", `${at}/items`),
      "votes of an item": ask("get", `${at}/items/${items[0]}/votes`),
      agreement: ask("get", `${at}/agreement`),
      "table of raters": ask("get", `${at}/raters`),
      "held votes": ask("get", `${at}/reviews`),
      "decide a held vote": ask("put", `${at}/reviews/${review}`, { state: "released" }),
      "hold a vote": ask("post", `${at}/reviews`, finding(vote, "straight-lining")),
      "export votes": ask("get", `${at}/votes`),
      "export rows for training": ask("get", `${at}/training-rows`),
      "add items": ask("post", `${at}/items`, { items: [PAIR] }),
      "withdraw an item": ask("delete", `${at}/items/${items[5]}`, { reason: "odd" }),
      "change settings": ask("patch", at, { settings: { leaseSeconds: 77 } }),
      "publish guidelines": ask("post", `${at}/guidelines`, { text: "new", after: 1 }),
      "list raters": ask("get", `${at}/members`),
      "pause a rater": ask("put", `${at}/members/${rater}/state`, { state: "paused", reason: "why" }),
      "list the staff": ask("get", `${at}/staff`),
      "list invitations": ask("get", `${at}/invitations`),
      invite: ask("post", `${at}/invitations`, {}),
      "begin a project": ask("post", "/projects", { name: "more", task: { kind: "pairwise" } }),
      "key: read items": status(() => key.get(`${at}/items`)),
      "key: add items": status(() => key.post(`${at}/items`, { items: [PAIR] })),
      "a rater's link made before": () => newcomer(server, links.rater),
      "a reviewer's link": () => newcomer(server, links.reviewer),
      "a link made by the key": () => newcomer(server, links.key),
      "join by another lead's link": ask("post", "/invitations/join", { token: links.others }),
    };
    return { server, admin, who: lead, login: "lena", keyId, other, at, acts };
  }

  type World = Awaited<ReturnType<typeof world>>;
  const role = ({ admin, who }: World, role: string) => admin.patch(`/accounts/${who.account}`, { role });
  const losses: Record<string, (world: World) => Promise<unknown>> = {
    ...OF_ACCOUNT,
    reviewer: (w) => role(w, "reviewer"),
    rater: (w) => role(w, "rater"),
    "off the staff": ({ other, at, who }) => other.delete(`${at}/staff/${who.account}`),
    closed: ({ other, at }) => other.patch(at, { state: "closed" }),
    "project deleted": ({ other, at }) => other.delete(at),
  };

  it.each(LEAD.columns)("after: %s", async (column) => {
    const made = await world();
    await losses[column](made);
    await tryAll(LEAD, column, made.acts);
  });
});

describe("an admin's rights", () => {
  const begin = begunOnce(async (server) => {
    const [admin, other, lead] = [
      await server.person("admin"),
      await server.person("admin", "ada"),
      await server.person("lead"),
    ];
    const at = `/projects/${(await lead.post("/projects", { name: "p", task: { kind: "pairwise" } })).body.id}`;
    const person = await server.person("reviewer");
    const { key, keyId } = await keyOf(server, other, ["admin"]);
    const link = async (path: string, body: object) => (await other.post(path, body)).body.token as string;
    const links = {
      admin: await link("/invitations", { role: "admin" }),
      lead: await link("/invitations", { role: "lead" }),
      rater: await link(`${at}/invitations`, {}),
    };
    return { people: { admin, other, key }, rest: { at, person: person.account, keyId, links } };
  });

  async function world() {
    const { server, people, rest } = await begin();
    const { admin, other, key } = people;
    const { at, person, keyId, links } = rest;
    const slow = slowly(server, other, "PATCH", `/accounts/${person}`, { role: "lead" });
    let anew = other;
    const ask = (method: string, path: string, body?: unknown): Act =>
      status(() => anew.ask(method, path, body));
    const acts: Record<string, Act> = {
      session: status(() => other.get("/session")),
      "change one, sent slowly": slow,
      "signed in anew: session": async () => {
        anew = await signedInAnew(server, "ada");
        return (await anew.get("/session")).status;
      },
      "list accounts": ask("get", "/accounts"),
      "any project": ask("get", at),
      "change an account": ask("patch", `/accounts/${person}`, { role: "reviewer" }),
      "invite to an account": ask("post", "/invitations", { role: "admin" }),
      "list all invitations": ask("get", "/invitations"),
      "put on the staff": ask("put", `${at}/staff/${person}`),
      "read the audit log": ask("get", "/audit"),
      "verify it": ask("post", "/audit/verification"),
      "key: audit log": status(() => key.get("/audit")),
      "an admin's link made before": () => newcomer(server, links.admin),
      "a lead's link made before": () => newcomer(server, links.lead),
      "a rater's link to a project": () => newcomer(server, links.rater),
    };
    return { server, admin, who: other, login: "ada", keyId, acts };
  }

  type World = Awaited<ReturnType<typeof world>>;
  const losses: Record<string, (world: World) => Promise<unknown>> = {
    ...OF_ACCOUNT,
    lead: ({ admin, who }) => admin.patch(`/accounts/${who.account}`, { role: "lead" }),
    rater: ({ admin, who }) => admin.patch(`/accounts/${who.account}`, { role: "rater" }),
  };

  it.each(ADMIN.columns)("after: %s", async (column) => {
    const made = await world();
    await losses[column](made);
    await tryAll(ADMIN, column, made.acts);
  });
});

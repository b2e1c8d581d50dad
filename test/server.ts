/** A server without a port over a new SQLite database, and people of every role to ask it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import pino from "pino";
import { onTestFinished } from "vitest";
import { openStore, type Store } from "../src/feedback/store/index.js";
import { invite } from "../src/server/accounts/invitations.js";
import { PASSWORD_COST, Passwords } from "../src/server/accounts/passwords.js";
import type { Role, Scope } from "../src/server/contract/index.js";
import { API, createApp, createServices, type Services } from "../src/server/index.js";
import type { ServerSettings } from "../src/server/settings.js";
import { memoryFolder } from "./memory-folder.js";

export const PASSWORD = "correct horse battery";
export const ORIGIN = "http://localhost:8080";
/** So generous that no test meets them unless it wants to. */
const NO_LIMITS = { account: 1e6, address: 1e6, signIn: 1e6 };

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
  body: any;
  headers: Headers;
}

/** Somebody who asks, with what lets them in. */
export class Person {
  cookie: string | undefined;
  csrf: string | undefined;
  key: string | undefined;
  account = "";
  rater = "";

  constructor(private readonly app: ReturnType<typeof createApp>) {}

  /** The same person, asking another server. */
  at({ app }: TestServer): Person {
    const { cookie, csrf, key, account, rater } = this;
    return Object.assign(new Person(app), { cookie, csrf, key, account, rater });
  }

  /**
   * @param path under the API, or beside it from "/../". @param headers in place of the usual ones; undefined leaves
   * one out.
   */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string | undefined> = {},
  ): Promise<Answer> {
    const all = {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(this.cookie && { cookie: this.cookie }),
      ...(this.csrf && { "x-csrf-token": this.csrf }),
      ...(this.key && { authorization: `Bearer ${this.key}` }),
      ...headers,
    };
    const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const target = path.startsWith("/../") ? path.slice(3) : API + path;
    const answer = await this.app.request(`${ORIGIN}${target}`, {
      method: method.toUpperCase(),
      headers: sent,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.startsWith("application/json") && text !== "";
    return { status: answer.status, body: json ? JSON.parse(text) : text, headers: answer.headers };
  }

  get = (path: string) => this.ask("get", path);
  post = (path: string, body: unknown = {}) => this.ask("post", path, body);
  put = (path: string, body: unknown = {}) => this.ask("put", path, body);
  patch = (path: string, body: unknown = {}) => this.ask("patch", path, body);
  delete = (path: string, body?: unknown) => this.ask("delete", path, body);

  /** Keeps the session that an answer opened. */
  keep({ body, headers }: Answer): this {
    this.cookie = headers.get("set-cookie")?.split(";")[0];
    this.csrf = body.csrf;
    this.account = body.account.id;
    this.rater = body.account.rater;
    return this;
  }

  async signIn(login: string, password = PASSWORD): Promise<Answer> {
    const answer = await this.post("/session", { login, password });
    if (answer.status === 201) this.keep(answer);
    return answer;
  }
}

/**
 * What servers that go on from the same place begin with: the database and its key, the clock, how many people there
 * are.
 */
export interface Beginning {
  files: ReadonlyMap<string, Buffer>;
  now: number;
  made: number;
}

export interface TestServer {
  store: Store;
  services: Services;
  app: ReturnType<typeof createApp>;
  /** Moves the clock on. */
  later(milliseconds: number): void;
  /** Where other servers can go on from. */
  beginning(): Promise<Beginning>;
  nobody(): Person;
  /** A new account, signed in. */
  person(role: Role, login?: string): Promise<Person>;
  /** A program with a key of somebody. */
  program(owner: Person, scopes: Scope[]): Promise<Person>;
  /** A rater's account that accepted an invitation to a project. */
  raterIn(lead: Person, project: string, group?: string): Promise<Person>;
}

const START = 1_800_000_000_000;
const DATABASE = "plumb.db";

/** The files of a database with its key, whose write-ahead log was moved into it. */
function filesIn(dir: string): Beginning["files"] {
  const names = ["", ".audit-key", ".audit-key.checkpoints"].map((end) => DATABASE + end);
  return new Map(
    names.filter((name) => existsSync(join(dir, name))).map((name) => [name, readFileSync(join(dir, name))]),
  );
}

let empty: Promise<Beginning> | undefined;
/** A new installation, whose tables are made once for all servers of a process. */
async function newInstallation(): Promise<Beginning> {
  const dir = memoryFolder("plumb-server-");
  await (await openStore(join(dir, DATABASE), { clock: () => START })).close();
  const files = filesIn(dir);
  rmSync(dir, { recursive: true, force: true });
  return { files, now: START, made: 0 };
}

/** For the test that runs; closed after it. @param from where it goes on from; default: a new installation. */
export async function testServer(
  settings: Partial<ServerSettings> = {},
  from?: Beginning,
): Promise<TestServer> {
  const dir = memoryFolder("plumb-server-");
  empty ??= newInstallation();
  const beginning = from ?? (await empty);
  for (const [name, bytes] of beginning.files) writeFileSync(join(dir, name), bytes, { mode: 0o600 });
  let { now, made } = beginning;
  const store = await openStore(join(dir, DATABASE), { clock: () => now });
  const services = createServices(store, {
    settings: { ...settings, limits: { ...NO_LIMITS, ...settings.limits } as ServerSettings["limits"] },
    origin: ORIGIN,
    log: pino({ level: "silent" }),
    // The least that Argon2 allows: at the full cost half of a test's time would be hashes.
    passwords: new Passwords({ ...PASSWORD_COST, memoryCost: 8, timeCost: 1 }),
  });
  const app = createApp(services);
  onTestFinished(async () => {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const nobody = () => new Person(app);
  return {
    ...{ store, services, app, nobody },
    later: (milliseconds) => {
      now += milliseconds;
    },
    async beginning() {
      await sql`pragma wal_checkpoint(truncate)`.execute(store.db);
      return { files: filesIn(dir), now, made };
    },
    async person(role, login = `${role}${++made}`) {
      const { token } = await store.write((write) => invite(write, { role, hours: 1 }, "system"));
      const answer = await nobody().post("/invitations/accept", { token, login, password: PASSWORD });
      return nobody().keep(answer);
    },
    async program(owner, scopes) {
      const { body } = await owner.post("/keys", { name: "program", scopes });
      const program = nobody();
      program.key = body.key;
      return program;
    },
    async raterIn(lead, project, group) {
      const { body } = await lead.post(`/projects/${project}/invitations`, { ...(group && { group }) });
      const login = `rater${++made}`;
      return nobody().keep(
        await nobody().post("/invitations/accept", { token: body.token, login, password: PASSWORD }),
      );
    },
  };
}

export const PAIR = {
  content: {
    prompt: "Which is better?",
    responses: [
      { name: "a", text: "good", source: "model-a" },
      { name: "b", text: "bad", source: "model-b" },
    ],
  },
};

/** A project of a lead's with some items. */
export async function pilot(
  lead: Person,
  { items = 3, settings = {} }: { items?: number; settings?: object } = {},
): Promise<{ project: string; items: string[] }> {
  const made = await lead.post("/projects", { name: "pilot", task: { kind: "pairwise" }, settings, seed: 7 });
  const project: string = made.body.id;
  const added = await lead.post(`/projects/${project}/items`, { items: Array(items).fill(PAIR) });
  return { project, items: added.body.ids };
}

export const leftWins = { kind: "pairwise", aspects: { overall: { verdict: "left" } } };

/** Tables of rights: what a server answers to an act after its right was lost. */
import { expect } from "vitest";
import { API } from "../src/server/app.js";
import { type Beginning, ORIGIN, PASSWORD, type Person, type TestServer, testServer } from "./server.js";

/** A status, or a word where the status alone does not tell. */
export type Cell = string | number;
export type Act = () => Promise<Cell>;
export type Table = ReturnType<typeof tableOf>;

/** Rows and columns of a table as it is written; a line of dashes and empty lines are left out. */
export function tableOf(text: string): { columns: string[]; rows: [name: string, cells: string[]][] } {
  const [head, ...lines] = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("---"));
  const cellsOf = (line: string) => line.split("|").map((cell) => cell.trim());
  const rows = lines.map((line): [string, string[]] => {
    const [name, ...cells] = cellsOf(line);
    return [name, cells];
  });
  return { columns: cellsOf(head).slice(1), rows };
}

/**
 * What the tests of a describe begin with: people, and what else `make` tells of what it did. It is done once; each
 * test goes on from it with a server of its own.
 */
export function begunOnce<P extends Record<string, Person>, R>(
  make: (server: TestServer) => Promise<{ people: P; rest: R }>,
): () => Promise<{ server: TestServer; people: P; rest: R }> {
  let begun: Promise<{ people: P; rest: R; beginning: Beginning }> | undefined;
  return async () => {
    begun ??= testServer().then(async (first) => ({
      ...(await make(first)),
      beginning: await first.beginning(),
    }));
    const { people, rest, beginning } = await begun;
    const server = await testServer({}, beginning);
    const here = Object.entries(people).map(([name, person]) => [name, person.at(server)]);
    return { server, people: Object.fromEntries(here) as P, rest };
  };
}

/** A request whose body has begun to arrive; `end` sends the rest. */
export function slowly(server: TestServer, who: Person, method: string, path: string, body: unknown) {
  const text = JSON.stringify(body);
  let rest: (() => void) | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder();
      controller.enqueue(encoder.encode(text.slice(0, 5)));
      rest = () => {
        controller.enqueue(encoder.encode(text.slice(5)));
        controller.close();
      };
    },
  });
  const request = new Request(`${ORIGIN}${API}${path}`, {
    method,
    body: stream,
    duplex: "half",
    headers: {
      "content-type": "application/json",
      ...(who.cookie && { cookie: who.cookie }),
      ...(who.csrf && { "x-csrf-token": who.csrf }),
    },
  } as RequestInit);
  const answer = Promise.resolve(server.app.request(request));
  return async (): Promise<Cell> => {
    rest?.();
    return (await answer).status;
  };
}

/** Accepts a link as somebody new. */
export async function newcomer(server: TestServer, token: string): Promise<number> {
  const login = `new${Math.random().toString(36).slice(2)}`;
  return (await server.nobody().post("/invitations/accept", { token, login, password: PASSWORD })).status;
}

export const status =
  (ask: () => Promise<{ status: number }>): Act =>
  async () =>
    (await ask()).status;

/** Tries every act of a column in the table's order. */
export async function tryAll(
  { columns, rows }: Table,
  column: string,
  acts: Readonly<Record<string, Act>>,
): Promise<void> {
  expect(Object.keys(acts)).toEqual(rows.map(([name]) => name));
  const at = columns.indexOf(column);
  const found: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (const [name, cells] of rows) {
    expected[name] = cells[at];
    found[name] = String(await acts[name]());
  }
  expect(found).toEqual(expected);
}

/** More lines of an export than the server reads ahead: corrections of a vote, each of the one before. */
export async function manyCorrections({ store: { db } }: TestServer, vote: string): Promise<void> {
  const row = await db.selectFrom("votes").selectAll().where("id", "=", vote).executeTakeFirstOrThrow();
  const corrections = Array.from({ length: 1000 }, (_, i) => ({
    ...{ ...row, seq: 1_000_000 + i, id: `v-${i}`, corrects: i === 0 ? vote : `v-${i - 1}` },
  }));
  for (let from = 0; from < corrections.length; from += 100)
    await db
      .insertInto("votes")
      .values(corrections.slice(from, from + 100))
      .execute();
}

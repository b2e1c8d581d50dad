/** What was forgotten or purged is nowhere: not in the tables, the log, the bytes of the files, nor the next backup. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { onBothEngines } from "../../../test/databases.js";
import { deletedProject, fullStore, PERSON } from "../../../test/full-store.js";
import { addAccount } from "./accounts/index.js";
import {
  addItems,
  backup,
  deletePersonalData,
  exportDeletedProject,
  listDeletedProjects,
  openDatabase,
  openStore,
  purgeProject,
  readAudit,
  type Store,
  setPerson,
  setProjectState,
  verifyOpenStore,
} from "./index.js";

/** Those of the texts that the bytes of a database's files hold. */
function inFiles(location: string, texts: readonly string[]): string[] {
  const bytes = ["", "-wal", "-shm", "-journal"]
    .map((end) => `${location}${end}`)
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file).toString("latin1"))
    .join("\n");
  return texts.filter((text) => bytes.includes(text));
}

onBothEngines(({ store: open, fresh, dir, engine }) => {
  const everything = async (store: Store) => {
    const file = join(dir(), `after-${Math.random()}.gz`);
    await backup(store, file);
    return gunzipSync(readFileSync(file)).toString();
  };

  it("the words of and about a person", async () => {
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    const { rater, account } = await fullStore(store);
    const words = Object.values(PERSON);
    const before = await everything(store);
    for (const word of words) expect(before).toContain(word);
    const entries = await readAudit(store, { after: 0, limit: 10_000 });
    for (const { details } of entries)
      for (const word of words) expect(JSON.stringify(details)).not.toContain(word);
    const texts = entries.flatMap((entry) => Object.values(entry.texts ?? {}));
    expect(texts).toEqual(expect.arrayContaining([PERSON.note, PERSON.reason, PERSON.remark]));
    expect(await deletePersonalData(store, rater, "system")).toBe(true);
    // While the store is open.
    if (engine === "sqlite") {
      expect(inFiles(location, words)).toEqual([]);
      expect(statSync(`${location}-wal`).size).toBeLessThan(20_000);
    }
    const after = await everything(store);
    for (const word of [...words, `"${account}","rater_id"`]) expect(after).not.toContain(word);
    expect(after).toContain("a typing error");
    expect((await verifyOpenStore(store)).problems).toEqual([]);
    await store.close();
    if (engine === "sqlite") expect(inFiles(location, words)).toEqual([]);
  });

  it.skipIf(engine === "postgresql")(
    "many people among many more, whose pages were split, with a reader beside",
    async () => {
      const { location, keyFile } = await fresh();
      const store = await openStore(location, { keyFile });
      const raters: string[] = [];
      const wordsOf = (i: number) => [`login-of-${i}-end`, `Name Of ${i} End`, `mail-${i}-end@example.org`];
      for (let i = 0; i < 400; i++) {
        const [login, name, email] = wordsOf(i);
        const { rater } = await store.write((write) =>
          addAccount(write, { login, name, passwordHash: "$x", role: "rater", languages: [] }),
        );
        raters.push(rater);
        await setPerson(store, rater, { name, email, notes: `${name} `.repeat(1 + (i % 9)) }, "system");
      }
      // A reader in the middle of its work keeps the write-ahead log from being cut.
      const reader = await openDatabase(location);
      const gone = raters.filter((_, i) => i % 3 === 0);
      await reader.db
        .transaction()
        .setAccessMode("read only")
        .execute(async (inside) => {
          await inside.selectFrom("people").selectAll().execute();
          for (const rater of gone.slice(0, 2)) await deletePersonalData(store, rater, "system");
        });
      await reader.db.destroy();
      for (const rater of gone.slice(2, -1))
        await store.write(({ db }) => db.deleteFrom("people").where("rater_id", "=", rater).execute());
      await deletePersonalData(store, gone[gone.length - 1], "system");
      const words = raters.flatMap((_, i) => (i % 3 === 0 ? wordsOf(i) : []));
      expect(inFiles(location, words)).toEqual([]);
      expect(inFiles(location, wordsOf(1))).toHaveLength(3);
      await store.close();
      expect(inFiles(location, words)).toEqual([]);
    },
    60_000,
  );

  it.skipIf(engine === "postgresql")(
    "what a killed process still owed is done at the next opening",
    async () => {
      const { location, keyFile } = await fresh();
      const store = await openStore(location, { keyFile });
      const { rater } = await fullStore(store);
      const killed: Store = { ...store, scrub: async () => undefined };
      await deletePersonalData(killed, rater, "system");
      const copy = await fresh();
      for (const end of ["", "-wal"])
        writeFileSync(`${copy.location}${end}`, readFileSync(`${location}${end}`));
      writeFileSync(copy.keyFile, readFileSync(keyFile), { mode: 0o600 });
      expect(inFiles(copy.location, [PERSON.name])).toEqual([PERSON.name]);
      const again = await openStore(copy.location, { keyFile: copy.keyFile });
      expect(inFiles(copy.location, Object.values(PERSON))).toEqual([]);
      await again.close();
      await store.close();
      expect(inFiles(location, Object.values(PERSON))).toEqual([]);
    },
  );

  it.skipIf(engine === "postgresql")("files are for their owner alone, those that were not too", async () => {
    const folder = join(dir(), "new", "folder");
    const location = join(folder, "plumb.db");
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    const store = await openStore(location);
    await fullStore(store);
    expect([mode(join(dir(), "new")), mode(folder)]).toEqual(["700", "700"]);
    const all = ["", "-wal", "-shm", ".audit-key", ".audit-key.checkpoints"].map((end) => location + end);
    expect(all.map(mode)).toEqual(all.map(() => "600"));
    const file = join(dir(), "mode.gz");
    writeFileSync(`${file}.part`, "left by a killed process", { mode: 0o644 });
    await backup(store, file);
    expect(mode(file)).toBe("600");
    await store.close();
    chmodSync(location, 0o664);
    const again = await openStore(location);
    expect([location, `${location}-wal`, `${location}-shm`].map(mode)).toEqual(["600", "600", "600"]);
    await again.close();
    // A folder that is there is left as it is.
    mkdirSync(join(dir(), "mine"), { mode: 0o755 });
    await (await openStore(join(dir(), "mine", "x.db"))).close();
    expect(mode(join(dir(), "mine"))).toBe("755");
  });

  it("a project that was deleted: it can be exported, and purged for good", async () => {
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    const { project: other } = await fullStore(store);
    const project = await deletedProject(store);
    await expect(purgeProject(store, other, "system")).rejects.toMatchObject({
      problem: "missing",
      message: `There is no deleted project ${other}.`,
      hint: "It was not deleted: that comes first.",
    });
    expect(await listDeletedProjects(store)).toMatchObject([
      { id: project, name: "old one", items: 4, votes: 3 },
    ]);
    const rows: Record<string, number> = {};
    for await (const { table, row } of exportDeletedProject(store, project)) {
      rows[table] = (rows[table] ?? 0) + 1;
      expect(row.project_id ?? row.id).toBe(project);
    }
    expect(rows).toEqual({
      projects: 1,
      guidelines: 1,
      items: 4,
      memberships: 1,
      leases: 4,
      votes: 3,
      reviews: 1,
    });
    const before = await everything(store);
    expect(before.split(project).length).toBeGreaterThan(10);
    expect(await purgeProject(store, project, "admin:a")).toBe(15);
    expect(await listDeletedProjects(store)).toEqual([]);
    const left = (await everything(store)).split("\n").filter((line) => line.includes(project));
    for (const line of left) expect(line).toMatch(/^\["audit",/);
    expect(left.join("\n")).not.toMatch(/dog ate it|555-0199|good 1|"answer"/);
    if (engine === "sqlite") expect(inFiles(location, ["bad 3 of old"])).toEqual([]);
    expect((await verifyOpenStore(store)).problems).toEqual([]);
    await expect(purgeProject(store, project, "system")).rejects.toMatchObject({ problem: "missing" });
    // The other project is untouched.
    const { n } = await store.db
      .selectFrom("votes")
      .select((eb) => eb.fn.countAll<number>().as("n"))
      .where("project_id", "=", other)
      .executeTakeFirstOrThrow();
    expect(n).toBe(16);
    await store.close();
  });

  it("a purge of more rows than one write deletes", async () => {
    const store = await open();
    const project = await deletedProject(store);
    const living = await fullStore(store);
    await addItems(
      store,
      living.project,
      Array.from({ length: 1203 }, (_, i) => ({
        content: {
          prompt: `p ${i}`,
          responses: [
            { name: "a", text: "x" },
            { name: "b", text: "y" },
          ],
        },
      })),
      "system",
    );
    await setProjectState(store, living.project, "deleted", "system");
    expect(await purgeProject(store, living.project, "system")).toBeGreaterThan(1220);
    expect((await listDeletedProjects(store)).map(({ id }) => id)).toEqual([project]);
    expect((await verifyOpenStore(store)).problems).toEqual([]);
  });
});

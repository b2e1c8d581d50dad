import { expect, it } from "vitest";
import { onBothEngines } from "../../../../test/databases.js";
import { addAccount, addKey, addSession, changeAccount, presentRole } from "./index.js";

onBothEngines(({ store: open }) => {
  it("is the account's role up to the session's and the key's last millisecond, while the account is active", async () => {
    const now = 1_800_000_000_000;
    const store = await open({ clock: () => now });
    const account = (login: string, role: "admin" | "lead") =>
      store.write((write) => addAccount(write, { login, role, passwordHash: "$argon2id$a", languages: [] }));
    await account("ada", "admin");
    const who = await account("lea", "lead");
    const session = await store.write((write) =>
      addSession(write, who, { tokenHash: "a".repeat(64), milliseconds: 1000 }),
    );
    const fresh = { name: "ci", hash: "b".repeat(64), prefix: "plumb_b", scopes: ["read" as const] };
    const key = await addKey(store, who.id, { ...fresh, milliseconds: 1000 }, "system");
    const endless = { ...fresh, hash: "c".repeat(64) };
    const always = await addKey(store, who.id, endless, "system");
    const roles = async (at: number) => [
      await presentRole(store.db, { session: session.id }, at),
      await presentRole(store.db, { key: key.id }, at),
      await presentRole(store.db, { key: always.id }, at),
    ];
    expect(await roles(now + 999)).toEqual(["lead", "lead", "lead"]);
    expect(await roles(now + 1000)).toEqual([undefined, undefined, "lead"]);
    await changeAccount(store, who.id, { role: "reviewer" }, "system");
    expect((await roles(now)).at(-1)).toBe("reviewer");
    await changeAccount(store, who.id, { state: "disabled" }, "system");
    expect(await roles(now)).toEqual([undefined, undefined, undefined]);
    expect(await presentRole(store.db, { session: "nobody" }, now)).toBeUndefined();
    // A session that outlives the shutting out, as one that was being opened might, is worth nothing.
    const late = await store.write((write) =>
      addSession(write, who, { tokenHash: "d".repeat(64), milliseconds: 1000 }),
    );
    expect(await presentRole(store.db, { session: late.id }, now)).toBeUndefined();
    await changeAccount(store, who.id, { state: "active" }, "system");
    expect((await roles(now)).at(-1)).toBe("reviewer");
  });
});

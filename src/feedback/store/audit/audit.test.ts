/** Hashes, keys and checkpoints of the audit log, each by itself. */

import { spawnSync } from "node:child_process";
import { createHash, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../../base/sha256.js";
import { openStore } from "../index.js";
import { type AuditEntry, auditHash, FIRST_PREVIOUS } from "./audit-entry.js";
import { keyId, openAuditKey, publicKeyOf, signatureHolds } from "./audit-key.js";
import { appendCheckpoints, checkpointText, readCheckpoints, signCheckpoint } from "./checkpoints.js";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-audit-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const FIRST: Omit<AuditEntry, "hash"> = {
  seq: 1,
  at: 1_700_000_000_000,
  actor: "rater:r-1",
  action: "vote.cast",
  subject: "v-1",
  details_json: '{"a":1}',
  previous: FIRST_PREVIOUS,
};
/** SHA-256 by Python's hashlib of {"action":"vote.cast","actor":...,"previous":"000...","seq":1,"subject":"v-1"}. */
const FIRST_HASH = "210ceecee445b71086bcc6ca42ebe5dcde8e43750cdc40163529f97b714dc09c";
const SECOND: Omit<AuditEntry, "hash"> = {
  seq: 2,
  at: 1_700_000_000_001,
  actor: "system",
  action: "item.added",
  subject: "i-ö",
  details_json: "{}",
  previous: FIRST_HASH,
};
const SECOND_HASH = "42216afea3d92fbbfce2bdcb4c3b45b9b2dfe459feb2d89a1fea54a44905e160";

describe("an entry's hash", () => {
  it("is SHA-256 of its fields in order of name, the hash before among them", () => {
    expect(FIRST_PREVIOUS).toBe("0".repeat(64));
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2
    expect(auditHash(FIRST)).toBe(FIRST_HASH);
    expect(auditHash(SECOND)).toBe(SECOND_HASH);
  });

  it("hangs on every field", () => {
    const changes: Partial<AuditEntry>[] = [
      ...[{ seq: 2 }, { at: 0 }, { actor: "rater:r-2" }, { action: "vote.corrected" }, { subject: "v-2" }],
      ...[{ details_json: '{"a":2}' }, { previous: FIRST_HASH }],
    ];
    const hashes = new Set(changes.map((change) => auditHash({ ...FIRST, ...change })));
    expect(hashes.size).toBe(7);
    expect(hashes).not.toContain(FIRST_HASH);
  });
});

describe("the log as it is written", () => {
  it("is one chain, within a commit and from one commit to the next", async () => {
    let now = 5;
    const store = await openStore(join(dir, "s.db"), { clock: () => now++ });
    const note = (subject: string) =>
      store.write(async ({ audit }) => [
        audit("system", "test.note", subject, { b: 1, a: [subject] }),
        audit("admin:a", "test.more", subject),
      ]);
    expect(await Promise.all([note("x"), note("y")])).toEqual([
      [2, 3],
      [4, 5],
    ]);
    expect(await note("z")).toEqual([6, 7]);
    const [begun, ...entries] = await store.db.selectFrom("audit").selectAll().orderBy("seq").execute();
    expect(begun).toMatchObject({ seq: 1, previous: FIRST_PREVIOUS, action: "log.begun" });
    expect(auditHash(begun)).toBe(begun.hash);
    expect(entries.map(({ previous }) => previous)).toEqual([
      begun.hash,
      ...entries.slice(0, -1).map(({ hash }) => hash),
    ]);
    for (const { hash, ...entry } of entries) expect(auditHash(entry)).toBe(hash);
    expect(new Set(entries.map(({ hash }) => hash)).size).toBe(6);
    expect(entries[0]).toMatchObject({ actor: "system", action: "test.note", subject: "x" });
    expect(entries.map(({ details_json }) => details_json)).toEqual(
      ["x", "y", "z"].flatMap((subject) => [`{"a":["${subject}"],"b":1}`, "{}"]),
    );
    const [times] = [entries.map(({ at }) => at)];
    expect(times[0]).toBe(times[1]);
    expect(times[2]).toBe(times[0] + 1); // each write at its own time
    expect(times[4]).toBeGreaterThan(times[2]);
    await store.close();
  });
});

describe("the key", () => {
  it("is made once, in a file for its owner alone, with folders as needed", () => {
    const path = join(dir, "a", "b", "key");
    expect(publicKeyOf(path)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    const key = openAuditKey(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(key.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(createPublicKey(key.publicKey).asymmetricKeyType).toBe("ed25519");
    expect(key.id).toBe(createHash("sha256").update(key.publicKey).digest("hex").slice(0, 16));
    expect(keyId(key.publicKey)).toBe(key.id);
    expect(publicKeyOf(path)).toBe(key.publicKey);
    expect(openAuditKey(path).publicKey).toBe(key.publicKey);
    expect(openAuditKey(join(dir, "other")).id).not.toBe(key.id);
  });

  it.each([0o640, 0o620, 0o610, 0o604, 0o602, 0o601])("is refused with mode %o", (mode) => {
    const path = join(dir, "key");
    openAuditKey(path);
    chmodSync(path, mode);
    expect(() => openAuditKey(path)).toThrow(/readable by users other than its owner/);
    expect(() => publicKeyOf(path)).toThrow(/readable by users other than its owner/);
    chmodSync(path, 0o400);
    expect(openAuditKey(path).id).toHaveLength(16);
  });

  it("is refused when it is of another kind, or none, or no file", () => {
    const path = join(dir, "key");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    expect(() => openAuditKey(path)).toThrow(/not an Ed25519 private key/);
    writeFileSync(path, "no key");
    expect(() => openAuditKey(path)).toThrow(/not an Ed25519 private key/);
    chmodSync(dir, 0o700);
    expect(() => openAuditKey(dir)).toThrow(/EISDIR/);
    expect(() => openAuditKey(join(path, "below"))).toThrow(/ENOTDIR/);
  });

  it("is never written over what is there already", () => {
    // A link to nothing: there is no key to read, and no place for a new one.
    const path = join(dir, "key");
    symlinkSync(join(dir, "elsewhere"), path);
    expect(() => openAuditKey(path)).toThrow(/EEXIST/);
    expect(existsSync(join(dir, "elsewhere"))).toBe(false);
  });

  it("signs texts as node's own verification has it", () => {
    const key = openAuditKey(join(dir, "key"));
    const signature = key.sign("häd");
    expect(verify(null, Buffer.from("häd"), key.publicKey, Buffer.from(signature, "base64"))).toBe(true);
    expect(signatureHolds("häd", signature, key.publicKey)).toBe(true);
    expect(signatureHolds("had", signature, key.publicKey)).toBe(false);
    for (const other of [`${signature}x`, ` ${signature}`, signature.replace("==", "")])
      expect(signatureHolds("häd", other, key.publicKey)).toBe(false);
    expect(signatureHolds("häd", signature, openAuditKey(join(dir, "other")).publicKey)).toBe(false);
    expect(signatureHolds("häd", signature, "no key")).toBe(false);
    expect(signatureHolds("häd", "", key.publicKey)).toBe(false);
  });
});

describe("a checkpoint", () => {
  const head = { seq: 7, hash: FIRST_HASH };

  it("is signed in all that it says", () => {
    const key = openAuditKey(join(dir, "key"));
    const checkpoint = signCheckpoint(key, { ...head }, 9);
    expect(checkpoint).toEqual({
      ...head,
      at: 9,
      key_id: key.id,
      signature: expect.any(String),
      previous_seq: null,
    });
    expect(checkpointText(checkpoint)).toBe(`{"at":9,"hash":"${FIRST_HASH}","key_id":"${key.id}","seq":7}`);
    const { signature } = checkpoint;
    expect(signatureHolds(checkpointText(checkpoint), signature, key.publicKey)).toBe(true);
    const linked = signCheckpoint(key, { ...head }, 9, 3);
    expect(checkpointText(linked)).toBe(
      `{"at":9,"hash":"${FIRST_HASH}","key_id":"${key.id}","previous_seq":3,"seq":7}`,
    );
    for (const change of [
      ...[{ seq: 8 }, { hash: SECOND_HASH }, { at: 10 }, { key_id: "x" }, { previous_seq: 0 }],
    ])
      expect(signatureHolds(checkpointText({ ...checkpoint, ...change }), signature, key.publicKey)).toBe(
        false,
      );
  });

  it("is kept in a file, one a line, in their order; lines that are none are counted", () => {
    const path = join(dir, "checkpoints");
    expect(readCheckpoints(path)).toEqual({ checkpoints: [], malformed: 0 });
    const key = openAuditKey(join(dir, "key"));
    const both = [signCheckpoint(key, head, 9), signCheckpoint(key, { seq: 8, hash: SECOND_HASH }, 10)];
    for (const one of both) appendCheckpoints(path, [one]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readCheckpoints(path)).toEqual({ checkpoints: both, malformed: 0 });
    const [first] = both;
    const wrong = [{ ...first, seq: 0 }, { ...first, hash: "x" }, { ...first, at: 0.5 }, { seq: 3 }];
    // A line that was cut off is no line, and gone with the next one; one that lacks only its end is kept.
    for (const cut of [1, 30, JSON.stringify(both[1]).length]) {
      writeFileSync(path, `${JSON.stringify(both[0])}\n${JSON.stringify(both[1]).slice(0, cut)}`);
      const whole = cut > 30;
      expect(readCheckpoints(path)).toEqual({ checkpoints: whole ? both : [both[0]], malformed: 0 });
      appendCheckpoints(path, [both[1]]);
      expect(readCheckpoints(path)).toEqual({ checkpoints: whole ? [...both, both[1]] : both, malformed: 0 });
    }
    // With nothing else in the file.
    writeFileSync(path, JSON.stringify(both[0]).slice(0, 9));
    appendCheckpoints(path, both);
    expect(readCheckpoints(path)).toEqual({ checkpoints: both, malformed: 0 });
    writeFileSync(path, `\n${JSON.stringify(first)}\n{\n${wrong.map((w) => JSON.stringify(w)).join("\n")}\n`);
    expect(readCheckpoints(path)).toEqual({ checkpoints: [first], malformed: 5 });
    expect(() => readCheckpoints(dir)).toThrow(/EISDIR/);
  });

  it.runIf(process.platform === "linux")("leaves the file as it was where the disk is full", () => {
    const path = join(dir, "full");
    const key = openAuditKey(join(dir, "key-full"));
    const some = [1, 2, 3].map((seq) => signCheckpoint(key, { seq, hash: SECOND_HASH }, 9));
    appendCheckpoints(path, some);
    const before = readFileSync(path, "utf8");
    // A limit of 1024 bytes for files, within which the fourth does not fit whole.
    expect(before.length).toBeLessThan(1024);
    const script = `import { appendCheckpoints } from ${JSON.stringify(resolve("dist/feedback/store/audit/checkpoints.js"))};
      try { appendCheckpoints(${JSON.stringify(path)}, JSON.parse(process.argv[1])); } catch ({ code }) { console.log(code); }`;
    const more = JSON.stringify(
      [4, 5, 6, 7].map((seq) => signCheckpoint(key, { seq, hash: SECOND_HASH }, 9)),
    );
    const limited = ["-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "-", process.execPath];
    const { stdout } = spawnSync("bash", [...limited, "--input-type=module", "-e", script, more]);
    expect(stdout.toString().trim()).toBe("EFBIG");
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});

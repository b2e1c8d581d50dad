/** The installation's signing key: Ed25519 (RFC 8032), in a PKCS #8 file that only its owner may read. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PlumbError } from "../../../base/errors.js";

/** The Ed25519 key that signs the audit log's checkpoints. */
export interface AuditKey {
  /** The first 16 hexadecimal digits of SHA-256 of the public key. */
  id: string;
  /** SPKI in PEM. */
  publicKey: string;
  /** Signature of a text, in base64. */
  sign(text: string): string;
}

/**
 * Reads the key from a file, or creates the file with a new key if it does not exist.
 *
 * @throws PlumbError when others may read the file, or it does not hold an Ed25519 key.
 */
export function openAuditKey(path: string): AuditKey {
  const privateKey = readPrivateKey(path) ?? createKeyFile(path);
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  return {
    id: keyId(publicKey),
    publicKey,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString("base64"),
  };
}

/**
 * The public key of a key file, in PEM. @returns undefined if there is no such file. @throws PlumbError as openAuditKey
 * does.
 */
export function publicKeyOf(path: string): string | undefined {
  const privateKey = readPrivateKey(path);
  return privateKey && createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
}

export function keyId(publicKey: string): string {
  return createHash("sha256").update(publicKey).digest("hex").slice(0, 16);
}

/** Whether a signature of a text was made with a key; false if the signature or the key is malformed. */
export function signatureHolds(text: string, signature: string, publicKey: string): boolean {
  try {
    const bytes = Buffer.from(signature, "base64");
    // Node reads over what is no base64, so one signature could be written in many ways.
    if (bytes.toString("base64") !== signature) return false;
    return verify(null, Buffer.from(text), publicKey, bytes);
  } catch {
    return false;
  }
}

function readPrivateKey(path: string): KeyObject | undefined {
  let text: string;
  try {
    const { mode } = statSync(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new PlumbError(`The signing key ${path} is readable by users other than its owner.`, {
        hint: `Run chmod 600 ${path}; if others may have read it, remove it, and a new one will be created.`,
      });
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // The message below covers this case too.
  }
  throw new PlumbError(`${path} is not an Ed25519 private key.`, {
    hint: "Restore the key file, or remove it, and a new one will be created.",
  });
}

function createKeyFile(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync("ed25519");
  mkdirSync(dirname(resolve(path)), { recursive: true });
  try {
    writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flag: "wx" });
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === "EEXIST" ? readPrivateKey(path) : undefined;
    if (other !== undefined) return other;
    throw error;
  }
  chmodSync(path, 0o600);
  return privateKey;
}

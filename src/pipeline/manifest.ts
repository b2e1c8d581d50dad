import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { canonicalJson } from "../base/canonical-json.js";
import { PlumbError } from "../base/errors.js";
import { sha256 } from "../base/sha256.js";
import { stageKey } from "./key.js";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const digest = z.object({ bytes: z.number().int().nonnegative(), sha256: hash });

/** The description stored with a result: what it is, what it was computed from, and when and where. */
export const manifestSchema = z.object({
  format: z.literal(1),
  stage: z.string(),
  key: hash.describe("SHA-256 of stage, code, config and the inputs' keys"),
  code: hash.describe("digest of the stage's module and of all modules that it loads"),
  config: z.json(),
  inputs: z.record(z.string(), z.object({ stage: z.string(), key: hash, content: hash })),
  content: hash.describe("SHA-256 over the files that are the same in equal runs"),
  files: z.record(z.string(), digest.extend({ varying: z.boolean() })),
  events: digest,
  started: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  processor: z.string(),
  plumbline: z.string(),
  node: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type FileDigest = z.infer<typeof digest>;

/** Size and SHA-256 of a file. */
export async function digestOf(path: string): Promise<FileDigest> {
  const made = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    made.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: made.digest("hex") };
}

/** Relative paths of all files below a folder, with forward slashes, sorted. */
export async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.flatMap((entry) =>
    entry.isFile()
      ? [
          join(entry.parentPath, entry.name)
            .slice(dir.length + 1)
            .replaceAll("\\", "/"),
        ]
      : [],
  );
  return paths.sort();
}

/** The digest of a result, from the names and digests of its files, without those that vary. */
export function contentOf(files: Manifest["files"]): string {
  const lasting = Object.entries(files).flatMap(([name, { sha256: own, varying }]) =>
    varying ? [] : [[name, own]],
  );
  return sha256(canonicalJson(Object.fromEntries(lasting) as Record<string, string>));
}

/** Parses a manifest. @throws PlumbError when it is malformed, or does not match its own hashes. */
export function parseManifest(text: string, path: string): Manifest {
  let manifest: Manifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new PlumbError(`${path} is damaged: it is not a manifest of a stage`, { cause: error });
  }
  const { stage, code, config, inputs, key, content, files } = manifest;
  const keys = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.key]));
  if (stageKey({ stage, code, config, inputs: keys }) !== key)
    throw new PlumbError(`${path} was changed: its key is not that of its config, code and inputs`);
  if (contentOf(files) !== content)
    throw new PlumbError(`${path} was changed: its content is not that of its files' hashes`);
  return manifest;
}

/** Checks a file against its digest. @throws PlumbError naming the file, if it is missing or differs. */
export async function verifyFile(path: string, expected: FileDigest): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw new PlumbError(`${path} is missing`, { cause: error });
    throw error;
  });
  if (found.size !== expected.bytes)
    throw new PlumbError(`${path} is damaged: ${found.size} bytes; the manifest says ${expected.bytes}`);
  if ((await digestOf(path)).sha256 !== expected.sha256)
    throw new PlumbError(`${path} is damaged: its content does not match the manifest's SHA-256`);
}

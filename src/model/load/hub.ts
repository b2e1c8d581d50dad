/** Model folders from the Hugging Face hub, kept in a cache folder. */
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { downloadFile, listFiles } from "@huggingface/hub";
import { writeFileAtomically } from "../../artifacts/atomic.js";
import { PlumbError } from "../../errors.js";

/** Only weights and descriptions are fetched, from the top folder; nothing that Python would execute. */
const WANTED = /^[\w.-]+\.(safetensors|json|jinja)$/;
/** Written last; a folder without it is not complete. */
const COMPLETE = ".complete";

/** PLUMB_CACHE/hub, or ~/.cache/plumbline/hub. */
export function hubCacheDir(): string {
  return join(process.env.PLUMB_CACHE ?? join(homedir(), ".cache", "plumbline"), "hub");
}

/**
 * The local folder of a model of the hub, downloaded unless it is in the cache. Files that were complete when a
 * download was interrupted are not fetched again.
 *
 * @param id `owner/name` or `owner/name@revision`. HF_TOKEN in the environment opens private models.
 * @throws PlumbError when the id is malformed, the model has no safetensors, or the hub cannot be reached.
 */
export async function fetchFromHub(id: string): Promise<string> {
  const match = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/.exec(id);
  if (match === null || id.includes("..")) {
    throw new PlumbError(`${JSON.stringify(`hf:${id}`)} is no model of the hub.`, {
      hint: "Write hf:owner/name or hf:owner/name@revision.",
    });
  }
  const [, repo, revision = "main"] = match;
  const dir = join(hubCacheDir(), repo.replace("/", "--"), revision.replaceAll("/", "--"));
  if (existsSync(join(dir, COMPLETE))) return dir;
  try {
    await mkdir(dir, { recursive: true });
    const names = await wantedFiles(repo, revision);
    for (const name of names) if (!existsSync(join(dir, name))) await download(repo, revision, name, dir);
    await writeFileAtomically(join(dir, COMPLETE), `${names.join("\n")}\n`);
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new PlumbError(`Cannot fetch hf:${id} from the Hugging Face hub: ${why}`, {
      hint: "Check the name and the network, or download the model elsewhere and give its folder.",
      cause: error,
    });
  }
  return dir;
}

async function wantedFiles(repo: string, revision: string): Promise<string[]> {
  const names: string[] = [];
  for await (const file of listFiles({ repo, revision, accessToken: process.env.HF_TOKEN })) {
    if (file.type === "file" && WANTED.test(file.path)) names.push(file.path);
  }
  if (names.some((name) => name.endsWith(".safetensors"))) return names;
  throw new PlumbError(`hf:${repo}@${revision} has no safetensors files.`, {
    hint: "Choose a model that is published as safetensors.",
  });
}

async function download(repo: string, revision: string, name: string, dir: string): Promise<void> {
  const blob = await downloadFile({ repo, revision, path: name, accessToken: process.env.HF_TOKEN });
  if (blob === null) throw new PlumbError(`hf:${repo}@${revision} has no ${name}.`);
  const partial = join(dir, `${name}.part-${process.pid}`);
  try {
    await pipeline(Readable.from(chunks(blob)), createWriteStream(partial, { flush: true }));
    await rename(partial, join(dir, name));
  } finally {
    await rm(partial, { force: true });
  }
}

async function* chunks(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** Fetches model folders from the Hugging Face hub (or the mirror in HF_ENDPOINT) into a cache folder. */
import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ListFileEntry } from "@huggingface/hub";
import { writeFileAtomically } from "../../artifacts/atomic.js";
import { messageOf, PlumbError } from "../../base/errors.js";

/** Only weights and descriptions are fetched, from the top folder; nothing that Python would execute. */
const WANTED = /^[\w.-]+\.(safetensors|json|jinja)$/;
/** Written last: a folder without it is incomplete. */
const COMPLETE = ".complete";

/** The cache folder: PLUMB_CACHE/hub, or ~/.cache/plumbline/hub. */
function hubCacheDir(): string {
  return join(process.env.PLUMB_CACHE ?? join(homedir(), ".cache", "plumbline"), "hub");
}

/**
 * The local folder of a model on the hub, downloaded unless it is in the cache. Files that were complete when a
 * download was interrupted are not fetched again.
 *
 * @param id `owner/name` or `owner/name@revision`. HF_TOKEN in the environment gives access to private models.
 * @throws PlumbError if the id is malformed, the model has no safetensors, or the hub cannot be reached.
 */
export async function fetchFromHub(id: string): Promise<string> {
  const match = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/.exec(id);
  if (match === null || id.includes("..")) {
    throw new PlumbError(`${JSON.stringify(`hf:${id}`)} is not a model on the hub.`, {
      hint: "Write hf:owner/name or hf:owner/name@revision.",
    });
  }
  const [, repo, revision = "main"] = match;
  const dir = join(hubCacheDir(), repo.replace("/", "--"), revision.replaceAll("/", "--"));
  if (existsSync(join(dir, COMPLETE))) return dir;
  try {
    await mkdir(dir, { recursive: true });
    const files = await wantedFiles(repo, revision);
    for (const file of files)
      if (!existsSync(join(dir, file.path))) await download(repo, revision, file, dir);
    await writeFileAtomically(join(dir, COMPLETE), `${files.map((file) => file.path).join("\n")}\n`);
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    const why = messageOf(error);
    throw new PlumbError(`Cannot fetch hf:${id} from the Hugging Face hub: ${why}`, {
      hint: "Check the name and the network, or download the model elsewhere and give its folder.",
      cause: error,
    });
  }
  return dir;
}

/** Loaded only for a download: commands start faster without it. */
const hub = () => import("@huggingface/hub");

function access(repo: string, revision: string) {
  return { repo, revision, accessToken: process.env.HF_TOKEN, hubUrl: process.env.HF_ENDPOINT };
}

async function wantedFiles(repo: string, revision: string): Promise<ListFileEntry[]> {
  const { listFiles } = await hub();
  const files: ListFileEntry[] = [];
  for await (const file of listFiles(access(repo, revision))) {
    if (file.type === "file" && WANTED.test(file.path)) files.push(file);
  }
  if (files.some((file) => file.path.endsWith(".safetensors"))) return files;
  throw new PlumbError(`hf:${repo}@${revision} has no safetensors files.`, {
    hint: "Choose a model that is published as safetensors.",
  });
}

/** Fetches one file, and keeps it only if it has the listed size and, if the hub lists one, the listed SHA-256. */
async function download(repo: string, revision: string, file: ListFileEntry, dir: string): Promise<void> {
  const { downloadFile } = await hub();
  const blob = await downloadFile({ ...access(repo, revision), path: file.path });
  if (blob === null) throw new PlumbError(`hf:${repo}@${revision} has no ${file.path}.`);
  const partial = join(dir, `${file.path}.part-${process.pid}`);
  const hash = createHash("sha256");
  let size = 0;
  async function* chunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      hash.update(next.value);
      size += next.value.length;
      yield next.value;
    }
  }
  try {
    await pipeline(Readable.from(chunks(blob.stream())), createWriteStream(partial, { flush: true }));
    const digest = hash.digest("hex");
    if (size !== file.size || (file.lfs !== undefined && digest !== file.lfs.oid)) {
      throw new PlumbError(
        `hf:${repo}: ${file.path} arrived damaged: ${size} bytes of ${file.size}, SHA-256 ${digest}.`,
        { hint: "Try again; the files that arrived whole are kept." },
      );
    }
    await rename(partial, join(dir, file.path));
  } finally {
    await rm(partial, { force: true });
  }
}

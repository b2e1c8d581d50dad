/** Files of datasets on the Hugging Face hub, or the mirror in HF_ENDPOINT, fetched into a cache folder. */
import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { messageOf, PlumbError } from "../base/errors.js";

const listing = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number(),
    lfs: z.object({ oid: z.string() }).nullish(),
  }),
);
type HubFile = z.output<typeof listing>[number];

const NAME = /^hf:([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w.-]*))?(?:\/(.+))?$/;
/** What a path in a repository may look like: nothing that leads out of the cache. */
const PATH = /^[\w-][\w .=+-]*(?:\/[\w-][\w .=+-]*)*$/;
/** Most pages of a listing. */
const MAX_PAGES = 100;

/**
 * The local copies of a dataset's files. A copy whose size or SHA-256 is not the listed one is not kept.
 *
 * @param name `hf:owner/name`, with `@revision` and a pattern of paths: `hf:owner/name/data/train-*.parquet`. HF_TOKEN in the
 * environment gives access to private ones.
 * @param choose picks the files to read of all paths in the dataset. @throws PlumbError if the name is malformed, the hub cannot be
 * reached or a file arrives damaged.
 */
export async function fetchDataset(
  name: string,
  choose: (paths: readonly string[], pattern: string | undefined) => string[],
): Promise<string[]> {
  const match = NAME.exec(name);
  if (match === null || name.includes(".."))
    throw new PlumbError(`${JSON.stringify(name)} is not a dataset on the hub`, {
      hint: "Write hf:owner/name, hf:owner/name@revision or hf:owner/name/data/train-*.parquet.",
    });
  const [, repo, revision = "main", pattern] = match;
  try {
    const api = `${endpoint()}/api/datasets/${repo}`;
    const { sha } = z
      .object({ sha: z.string().regex(/^[\da-f]{7,64}$/) })
      .parse(await (await get(`${api}/revision/${revision}`)).json());
    const files = (await listed(`${api}/tree/${sha}?recursive=true`)).filter(
      ({ type, path }) => type === "file" && PATH.test(path),
    );
    const chosen = choose(
      files.map(({ path }) => path),
      pattern,
    );
    const dir = join(
      process.env.PLUMB_CACHE ?? join(homedir(), ".cache", "plumbline"),
      "datasets",
      repo.replace("/", "--"),
      sha,
    );
    const copies: string[] = [];
    for (const path of chosen) {
      const file = files.find((one) => one.path === path);
      if (file !== undefined)
        copies.push(await fetched(`${endpoint()}/datasets/${repo}/resolve/${sha}/`, file, dir));
    }
    return copies;
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    const why = messageOf(error);
    throw new PlumbError(`cannot fetch ${name} from the Hugging Face hub: ${why}`, {
      hint: "Check the name and the network, or download the files elsewhere and name them.",
      cause: error,
    });
  }
}

const endpoint = (): string => (process.env.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/, "");

async function get(url: string): Promise<Response> {
  const token = process.env.HF_TOKEN;
  const response = await fetch(url, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  if (!response.ok) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
  return response;
}

/** All pages of a listing, which name the next in a Link header. */
async function listed(first: string): Promise<HubFile[]> {
  const files: HubFile[] = [];
  let url: string | undefined = first;
  for (let page = 0; url !== undefined && page < MAX_PAGES; page++) {
    const response: Response = await get(url);
    files.push(...listing.parse(await response.json()));
    url = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return files;
}

async function fetched(base: string, { path, size, lfs }: HubFile, dir: string): Promise<string> {
  const copy = join(dir, path);
  if (existsSync(copy)) return copy;
  await mkdir(dirname(copy), { recursive: true });
  const partial = join(dirname(copy), `.${basename(copy)}.part-${process.pid}`);
  const hash = createHash("sha256");
  let bytes = 0;
  const { body } = await get(base + path.split("/").map(encodeURIComponent).join("/"));
  if (body === null) throw new Error(`${path} has no content`);
  try {
    await pipeline(
      Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          if (bytes > size) throw new Error(`${path} has more than its ${size} bytes`);
          yield chunk;
        }
      },
      createWriteStream(partial, { flush: true }),
    );
    const digest = hash.digest("hex");
    if (bytes !== size || (lfs && digest !== lfs.oid))
      throw new Error(`${path} arrived damaged: ${bytes} bytes of ${size}, SHA-256 ${digest}`);
    await rename(partial, copy);
  } finally {
    await rm(partial, { force: true });
  }
  return copy;
}

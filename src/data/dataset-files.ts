/**
 * The files that a name of a dataset stands for: one file, a folder of shards, a pattern of names, a dataset on the
 * hub.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PlumbError } from "../base/errors.js";
import { fetchDataset } from "./hub-dataset.js";

const DATA = /\.(?:jsonl|ndjson|json|csv|tsv|parquet)(?:\.(?:gz|zst))?$/i;
/** Descriptions that lie beside shards. */
const DESCRIPTIONS = /^(?:dataset_infos?|dataset_dict|state|metadata|config)\.json$/i;
/** The split that a shard's name says it belongs to. */
const SPLIT =
  /(?:^|[-_./])(train|training|test|testing|eval|evaluation|val|valid|validation|dev)(?=[-_./]|$)/i;
const MAGIC = /[*?[]/;

/**
 * The files of a dataset, in the order of their names. A folder stands for its shards, `data/train-*.parquet` for what
 * it matches (`*` any characters but a slash, `?` one, `[0-4]` one of these), `hf:owner/name` for the files of a
 * dataset on the hub; anything else for itself.
 *
 * @throws PlumbError if nothing matches, or a folder holds files of several formats or splits, between which nobody but its owner
 * can choose.
 */
export async function datasetFiles(path: string): Promise<string[]> {
  if (path === "-") return [path];
  if (path.startsWith("hf:"))
    return fetchDataset(path, (paths, pattern) => shardsOnHub(path, paths, pattern));
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return shardsOf(path);
  if (found !== undefined || !MAGIC.test(path)) return [path];
  const files = (await matching(path)).sort(byName);
  if (files.length > 0) return files;
  throw new PlumbError(`no file matches ${path}`, {
    hint: "Put the pattern into quotes, so that the shell leaves it alone.",
  });
}

async function shardsOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries
    .filter(
      (entry) =>
        !entry.isDirectory() &&
        DATA.test(entry.name) &&
        !DESCRIPTIONS.test(entry.name) &&
        !entry.name.startsWith("."),
    )
    .map(({ name }) => name)
    .sort(byName);
  if (names.length === 0)
    throw noShards(
      dir,
      entries.map(({ name }) => name),
    );
  const choose = (what: string, kinds: readonly string[], example: string): PlumbError =>
    new PlumbError(`${dir} holds files of several ${what}: ${kinds.join(", ")}`, {
      hint: `Name the ones you mean: ${join(dir, example)}`,
    });
  const formats = [
    ...new Set(
      names.map(
        (name) =>
          name
            .toLowerCase()
            .replace(/\.(?:gz|zst)$/, "")
            .split(".")
            .at(-1) ?? "",
      ),
    ),
  ];
  if (formats.length > 1) throw choose("formats", formats, `*.${formats[0]}`);
  const splits = [...new Set(names.map(splitOf))];
  if (splits.length > 1)
    throw choose(
      "splits",
      splits.map((split) => split ?? "unnamed"),
      `${splits.find((split) => split !== undefined)}*`,
    );
  return names.map((name) => join(dir, name));
}

/**
 * The shards of a dataset on the hub: those that match a pattern, or all, if they are one split of one format in one
 * folder.
 */
function shardsOnHub(name: string, paths: readonly string[], pattern: string | undefined): string[] {
  const data = paths.filter((path) => DATA.test(path) && !DESCRIPTIONS.test(basename(path))).sort(byName);
  const parts = pattern?.split("/").map(patternOf);
  const fits = (path: string): boolean => {
    const own = path.split("/");
    return (
      parts === undefined || (own.length === parts.length && parts.every((part, i) => part.test(own[i])))
    );
  };
  const shards = data.filter(fits);
  if (shards.length === 0)
    throw new PlumbError(`${name} names no file of rows`, {
      hint: data.length === 0 ? "It has no JSON, CSV or Parquet files." : `It has ${listedPaths(data)}.`,
    });
  const kind = (path: string) => [dirname(path), splitOf(path), path.toLowerCase().split(".").at(-1)].join();
  if (pattern !== undefined || new Set(shards.map(kind)).size === 1) return shards;
  throw new PlumbError(`${name} has files of several folders, splits or formats: ${listedPaths(shards)}`, {
    hint: `Name the ones you mean, such as ${name}/${shards[0].replace(/\d+/g, "*")}.`,
  });
}

const listedPaths = (paths: readonly string[]): string =>
  paths.slice(0, 6).join(", ") + (paths.length > 6 ? ` and ${paths.length - 6} more` : "");

/** The split that a file's name says it belongs to, in small letters. */
export const splitOf = (name: string): string | undefined => SPLIT.exec(name)?.[1].toLowerCase();

function noShards(dir: string, names: readonly string[]): PlumbError {
  const arrow = names.some((name) => name.endsWith(".arrow"));
  return new PlumbError(`${dir} holds no file of rows (.jsonl, .json, .csv, .tsv, .parquet)`, {
    hint: arrow
      ? "Its Arrow files are what datasets' save_to_disk writes; write Parquet instead: ds.to_parquet(...)."
      : "Name the folder that holds the files themselves.",
  });
}

/** Shards by number, also where numbers have no leading zeros. */
const byName = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

async function matching(pattern: string): Promise<string[]> {
  const parts = pattern.split("/");
  let paths = [parts[0] === "" ? "/" : ""];
  for (const [i, part] of parts.entries()) {
    if (i === 0 && part === "") continue;
    if (!MAGIC.test(part)) {
      paths = paths.map((path) => join(path, part));
      continue;
    }
    const matches = patternOf(part);
    const found: string[] = [];
    for (const path of paths)
      for (const name of await readdir(path === "" ? "." : path).catch(() => []))
        if (matches.test(name) && !name.startsWith(".")) found.push(join(path, name));
    paths = found;
  }
  const files: string[] = [];
  for (const path of paths) if ((await stat(path).catch(() => undefined))?.isFile()) files.push(path);
  return files;
}

/** A pattern of one name as a regular expression. */
export function patternOf(part: string): RegExp {
  let source = "";
  for (let at = 0; at < part.length; at++) {
    const set = part[at] === "[" ? /^\[([!^]?)([^\]/\\]+)\]/.exec(part.slice(at)) : null;
    if (set !== null) {
      source += `[${set[1] === "" ? "" : "^"}${set[2].replaceAll("[", "\\[")}]`;
      at += set[0].length - 1;
    } else if (part[at] === "*") source += source.endsWith("[^/]*") ? "" : "[^/]*";
    else source += part[at] === "?" ? "[^/]" : part[at].replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  return new RegExp(`^${source}$`);
}

/** A dataset's name for messages: of one file its path, of several the name that stands for them. */
export const datasetName = (path: string, files: readonly string[]): string =>
  files.length === 1
    ? files[0]
    : `${path} (${files.length} files, ${basename(files[0])} to ${basename(files.at(-1) ?? "")})`;

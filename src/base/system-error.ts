/** Faults of the user's machine, as the operating system reports them to Node, in words. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PlumbError } from "./errors.js";

/** Why a call of the operating system failed, and what to do about it. */
interface SystemCause {
  why: string;
  hint: string;
}

const FREE_SPACE = "Free some space, then try again.";
const OTHER_PATH = "Choose another path.";
const OTHER_PLACE = "Choose a place that you may use, or change who may (chmod, chown).";

/** By Node's code of the error. Other codes are not explained: they may be a defect of Plumbline. */
const CAUSES: Record<string, readonly [why: string, hint: string]> = {
  EACCES: ["permission was denied", OTHER_PLACE],
  EPERM: ["the operation is not permitted", OTHER_PLACE],
  EROFS: ["the file system is read-only", "Choose a folder that you may write to."],
  ENOSPC: ["the disk is full", FREE_SPACE],
  EDQUOT: ["the disk quota is used up", FREE_SPACE],
  EFBIG: [
    "the file would be larger than is allowed",
    "Raise the limit (ulimit -f), or choose another file system.",
  ],
  EIO: ["the disk reported a fault", "Check the disk, or choose another one."],
  ENOENT: ["there is no such file or folder", "Check the path; it is relative to the current folder."],
  ENOTDIR: ["a part of the path is a file, not a folder", OTHER_PATH],
  EEXIST: ["it exists already", OTHER_PATH],
  EISDIR: ["it is a folder, not a file", "Give the path of a file."],
  ENOTEMPTY: ["the folder is not empty", OTHER_PATH],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter one."],
  ELOOP: ["its symbolic links lead in a circle", OTHER_PATH],
  EBUSY: ["it is in use", "Close what uses it, then try again."],
  EMFILE: ["too many files are open", "Raise the limit (ulimit -n)."],
  ENFILE: ["too many files are open on this machine", "End other programs, then try again."],
};

/** What could not be done, by the name of the call. */
const DEEDS: Record<string, string> = {
  open: "open",
  mkdir: "make the folder",
  mkdtemp: "make the folder",
  scandir: "list the folder",
  opendir: "list the folder",
  read: "read",
  stat: "look at",
  lstat: "look at",
  fstat: "look at",
  access: "use",
  write: "write",
  fsync: "write",
  ftruncate: "write",
  truncate: "write",
  rename: "rename",
  unlink: "remove",
  rmdir: "remove",
  rm: "remove",
  copyfile: "copy",
  link: "link",
  chmod: "change the permissions of",
  uv_cwd: "find the current folder",
};

/** @param path what the call was about, if the error does not say. @returns undefined when it is no error of files. */
export function systemCause(error: unknown, path?: string): SystemCause | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = "", path: own = path, syscall = "" } = error as NodeJS.ErrnoException;
  const known = Object.hasOwn(CAUSES, code) ? CAUSES[code] : undefined;
  if (known === undefined) return undefined;
  const [why, hint] = known;
  return { why: (own !== undefined && closer(code, syscall, own)) || why, hint };
}

/**
 * An error of the operating system about files as one for people: what could not be done to which path, why, and what
 * to do. @returns undefined for any other error.
 */
export function systemError(error: unknown): PlumbError | undefined {
  const cause = systemCause(error);
  if (cause === undefined) return undefined;
  const { path, dest, syscall = "" } = error as NodeJS.ErrnoException & { dest?: string };
  const deed = DEEDS[syscall];
  if (deed === undefined) return undefined;
  const what = [deed, path, dest && `to ${dest}`].filter(Boolean).join(" ");
  return new PlumbError(`cannot ${what}: ${cause.why}`, { hint: cause.hint, cause: error });
}

/** What the file system itself shows about a path that could not be used. */
function closer(code: string, syscall: string, path: string): string | undefined {
  if (code === "EEXIST")
    return syscall === "mkdir" && kindOf(path) === "file" ? "it is a file, not a folder" : undefined;
  const above = ancestors(path);
  if (code === "ENOTDIR") {
    const file = above.find((each) => kindOf(each) === "file");
    if (file !== undefined) return `${file} is a file, not a folder`;
    return kindOf(path) === "file" ? "it is a file, not a folder" : undefined;
  }
  if (code !== "ENOENT") return undefined;
  const missing = above.filter((each) => kindOf(each) === undefined).at(-1);
  return missing === undefined ? undefined : `there is no folder ${missing}`;
}

/** The folders that a path lies in, from the nearest on, as the path spells them. */
function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) found.push(at);
  return found;
}

function kindOf(path: string): "folder" | "file" | undefined {
  try {
    return statSync(resolve(path)).isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}

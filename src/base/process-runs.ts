import { readFileSync } from "node:fs";

/**
 * Whether a process of this number runs on this machine, also of another user. One that has ended and whose parent has
 * not asked how (a zombie) does not run.
 */
export function processRuns(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return !["Z", "X"].includes(processState(pid) ?? "");
}

/** Field 3 of /proc/<pid>/stat; undefined on systems without that file. */
function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}

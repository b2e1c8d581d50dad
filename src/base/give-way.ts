import { setPriority } from "node:os";

/** Priority of threads whose work can wait, as nice has it: what others of the process need comes first. */
const WAITS = 5;

/**
 * Has the calling thread, and the threads that it starts, give way to others: for work that may take long beside what
 * people wait for. On Linux alone, where a priority belongs to a thread; elsewhere it is the whole process's, and
 * stays.
 */
export function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    setPriority(0, WAITS);
  } catch {
    // Where that is not allowed, the work is done all the same.
  }
}

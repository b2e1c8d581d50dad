/** The command line in this process, from the sources: starting a process takes most of a small command's time. */
import { Readable } from "node:stream";
import { vi } from "vitest";
import { commands } from "../../src/cli/command-list.js";
import { runProgram } from "../../src/cli/program.js";
import type { Ended } from "./tiny-loop.js";

/** Runs `plumb <args>` in a folder, which stays this process's own. One at a time. @param input what stdin holds. */
export async function plumbHere(
  cwd: string,
  args: readonly string[],
  input = "",
): Promise<Omit<Ended, "signal">> {
  process.chdir(cwd);
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += text;
      return true;
    }),
  );
  const stdin = vi
    .spyOn(process, "stdin", "get")
    .mockReturnValue(Readable.from([Buffer.from(input)]) as never);
  try {
    return { status: await runProgram([...args], commands, "0.0.0"), ...written };
  } finally {
    for (const spy of [...spies, stdin]) spy.mockRestore();
  }
}

/** Runs a command that must succeed; what it said otherwise is in the error. */
export async function plumbHereDone(cwd: string, args: readonly string[]): Promise<Omit<Ended, "signal">> {
  const ended = await plumbHere(cwd, args);
  if (ended.status === 0) return ended;
  throw new Error(`plumb ${args.join(" ")} ended with ${ended.status}:\n${ended.stderr}`);
}

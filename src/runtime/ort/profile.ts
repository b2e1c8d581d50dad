import { createReadStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { kernelWork, type ProfiledValue } from "../onnx/kernel-work.js";
import { nodeOrigin } from "../onnx/node-name.js";
import type { KernelTime, ProfiledRun } from "../profile.js";

/** The start and end of a run on the host, by the clock of `performance.now()`. */
export interface HostRun {
  start: number;
  end: number;
}

/** What is needed to read the profile of a released session, which ONNX Runtime writes upon release. */
export interface SessionProfile {
  program: string;
  /** Prefix of the file's path; ONNX Runtime appends the time. */
  prefix: string;
  /** Runs that succeeded, in order. */
  runs: readonly HostRun[];
}

/** An event of ONNX Runtime's profile; times are in microseconds since the start of the session. */
interface ProfileEvent {
  cat: string;
  name: string;
  ts: number;
  dur: number;
  args: {
    op_name?: string;
    input_type_shape?: ProfiledValue[];
    output_type_shape?: ProfiledValue[];
  };
}

const KERNEL = "_kernel_time";

/**
 * Reads the profile of a released session and removes its file. There is one event per line, and kernels come before
 * the end of their run, so that only one run is in memory at a time. The session's clock is aligned with the host's
 * runs: each run of the session is centred in the host's, which includes waiting for a thread.
 */
export async function readSessionProfile(
  { program, prefix, runs }: SessionProfile,
  since: number,
): Promise<ProfiledRun[]> {
  const found: ProfiledRun[] = [];
  const file = await profileFile(prefix);
  if (file === undefined) return found;
  try {
    let next = 0;
    let kernels: ProfileEvent[] = [];
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const event = parseEvent(line);
      if (event?.cat === "Node" && event.name.endsWith(KERNEL)) kernels.push(event);
      if (event?.cat !== "Session" || event.name !== "model_run") continue;
      const host = runs[next++];
      if (host && host.start >= since) found.push(profiledRun(program, host, event, kernels));
      kernels = [];
    }
    return found;
  } finally {
    await rm(file, { force: true });
  }
}

function profiledRun(
  program: string,
  host: HostRun,
  run: ProfileEvent,
  kernels: readonly ProfileEvent[],
): ProfiledRun {
  const waited = Math.max(0, host.end - host.start - run.dur / 1000) / 2;
  const zero = host.start + waited - run.ts / 1000;
  return {
    program,
    start: host.start,
    milliseconds: host.end - host.start,
    // A failed run leaves kernels without an end of their run.
    kernels: kernels
      .filter(({ ts }) => ts >= run.ts)
      .map((event) => kernelTime(event, zero))
      .sort((a, b) => a.start - b.start),
  };
}

function kernelTime({ name, ts, dur, args }: ProfileEvent, zero: number): KernelTime {
  const { op_name: op = "unknown", input_type_shape: inputs = [], output_type_shape: outputs = [] } = args;
  const origin = nodeOrigin(name.slice(0, -KERNEL.length));
  return {
    op,
    path: origin?.path ?? "",
    backward: origin?.backward ?? false,
    start: zero + ts / 1000,
    milliseconds: dur / 1000,
    work: kernelWork(op, inputs, outputs),
  };
}

async function profileFile(prefix: string): Promise<string | undefined> {
  const folder = path.dirname(prefix);
  const names = await readdir(folder);
  const name = names.find((entry) => entry.startsWith(`${path.basename(prefix)}_`));
  return name && path.join(folder, name);
}

/** The event on a line such as `{"cat" : "Node", ...},`; undefined for the brackets of the list. */
function parseEvent(line: string): ProfileEvent | undefined {
  const text = line.trim().replace(/,$/, "");
  return text.startsWith("{") ? (JSON.parse(text) as ProfileEvent) : undefined;
}

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { PlumbError } from "../../src/base/errors.js";

/** A peer's settings, as JSON in its first argument: the same for all peers of a run, except the name. */
export interface PeerSettings {
  peer: string;
  work: WorkKind;
  model: string;
  /** A dataset file to calibrate our 8-bit base on; null: text that the model samples. */
  texts: string | null;
  threads: number;
  /** Cuts the model to its first layers, for trying things out; null takes all. */
  layers: number | null;
  /** Of a training step. */
  rows: number;
  length: number;
  /** Of decoding and of a PPO iteration. */
  promptTokens: number;
  newTokens: number;
  prompts: number;
  epochs: number;
}

export type WorkKind = "lora" | "decode" | "ppo";

/** One unit of work; `batch` and `capacity` are those of decoding. */
export interface WorkRequest {
  batch?: number;
  /** Tokens per row that the cache has room for. */
  capacity?: number;
}

/** A peer's answer: a training step's, a decoding step's or an iteration's time, and its phases where it has some. */
export interface Measurement {
  milliseconds: number;
  phases?: Record<string, number>;
}

const STDERR_KEPT = 4000;

/**
 * A peer in its own process, which stays loaded while others run. It writes one line of JSON on stdout when it is
 * ready, `{"ready": "its versions"}` or `{"skip": "why not"}`, and one for each line that it reads on stdin: a
 * WorkRequest in, a Measurement or `{"error": "..."}` out. Other lines are ignored.
 */
export class PeerProcess {
  private readonly child: ChildProcess;
  private waiting:
    | { resolve: (line: Record<string, unknown>) => void; reject: (error: Error) => void }
    | undefined;
  private stderr = "";
  private ended = false;

  private constructor(
    readonly label: string,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.child = spawn(command[0], command.slice(1), { env: { ...process.env, ...env } });
    this.child.stderr?.on("data", (data) => {
      this.stderr = (this.stderr + data).slice(-STDERR_KEPT);
    });
    this.child.stdin?.on("error", () => {});
    this.child.on("error", (error) => this.fail(error.message));
    this.child.on("exit", (code, signal) => this.fail(`ended with ${signal ?? `status ${code}`}`));
    createInterface({ input: this.child.stdout! }).on("line", (line) => {
      const reply = parseReply(line);
      if (reply === undefined) return;
      this.waiting?.resolve(reply);
      this.waiting = undefined;
    });
  }

  /** Starts a peer and waits until it has loaded. @returns its reason if it says that it cannot run. */
  static async start(
    label: string,
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<PeerProcess | { skip: string }> {
    const peer = new PeerProcess(label, command, env);
    try {
      const { skip } = await peer.reply();
      if (typeof skip !== "string") return peer;
      await peer.stop();
      return { skip };
    } catch (error) {
      return { skip: (error as Error).message };
    }
  }

  /** Has the peer do one unit of work. @throws PlumbError if the peer fails. */
  async measure(request: WorkRequest): Promise<Measurement> {
    const answer = this.reply();
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { milliseconds, phases, error } = await answer;
    if (typeof milliseconds !== "number") throw new PlumbError(`${this.label}: ${error ?? "no figure"}`);
    return { milliseconds, ...(phases ? { phases: phases as Record<string, number> } : {}) };
  }

  /** Ends the process by closing its standard input. */
  async stop(): Promise<void> {
    if (this.ended) return;
    const exit = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    const late = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await exit;
    clearTimeout(late);
  }

  private reply(): Promise<Record<string, unknown>> {
    if (this.ended) return Promise.reject(new PlumbError(`${this.label} has ended`));
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  private fail(why: string): void {
    this.ended = true;
    const last = this.stderr.trim().split("\n").at(-1);
    this.waiting?.reject(new PlumbError(`${this.label} ${why}${last ? `: ${last}` : ""}`));
    this.waiting = undefined;
  }
}

function parseReply(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from "node:fs";
import { truncate } from "node:fs/promises";
import { PlumbError } from "../base/errors.js";
import { systemCause } from "../base/system-error.js";
import { findNonFinite } from "./json.js";

/** A file of JSON Lines that each begin with a step, in ascending order; a line is written whole or not at all. */
export class StepLines {
  private readonly file: number;
  private closed = false;

  constructor(private readonly path: string) {
    this.file = openSync(path, "a");
  }

  /**
   * Appends a line. @throws PlumbError if a number is not finite, naming the field, or if the file cannot be written.
   */
  append(step: number, row: Record<string, unknown>): void {
    const bad = findNonFinite(row);
    if (bad !== undefined) {
      throw new PlumbError(`${bad} is not a finite number at step ${step}`, {
        hint: "Training has diverged: lower the learning rate, and continue from the last checkpoint with --resume.",
      });
    }
    const line = Buffer.from(`${JSON.stringify({ step, ...row })}\n`);
    const before = fstatSync(this.file).size;
    try {
      if (writeSync(this.file, line) === line.length) return;
    } catch (error) {
      const why = systemCause(error)?.why ?? (error as Error).message;
      throw new PlumbError(`cannot write ${this.path}: ${why}`, { cause: error });
    }
    ftruncateSync(this.file, before);
    throw new PlumbError(`cannot write ${this.path}: the disk is full`, {
      hint: "Free some space, then continue with --resume.",
    });
  }

  /** Makes written lines durable. */
  sync(): void {
    if (!this.closed) fsyncSync(this.file);
  }

  close(): void {
    if (!this.closed) closeSync(this.file);
    this.closed = true;
  }
}

/** Cuts a file of step lines after the last whole line of a step up to `step`; a missing file stays missing. */
export async function truncateAfterStep(path: string, step: number): Promise<void> {
  let keep = 0;
  let line: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        line.push(chunk.subarray(start, end));
        const bytes = Buffer.concat(line);
        if (!(stepOf(bytes) <= step)) return await truncate(path, keep);
        keep += bytes.length + 1;
        line = [];
        start = end + 1;
      }
      line.push(chunk.subarray(start));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  await truncate(path, keep);
}

/** The step of a line, or NaN if the line is incomplete. */
function stepOf(line: Buffer): number {
  try {
    const { step } = JSON.parse(line.toString("utf8")) as { step: unknown };
    return typeof step === "number" ? step : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

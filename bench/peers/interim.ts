import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { writeFileAtomically } from "../../src/artifacts/atomic.js";
import type { WorkSeries } from "./report.js";

const measurement = z.object({
  milliseconds: z.number(),
  phases: z.record(z.string(), z.number()).optional(),
});
const schema = z.object({
  settings: z.record(z.string(), z.unknown()),
  series: z.array(
    z.object({
      work: z.enum(["lora", "decode", "ppo"]),
      batch: z.number().optional(),
      capacity: z.number().optional(),
      tokens: z.number(),
      peers: z.array(z.object({ id: z.string(), label: z.string(), measurements: z.array(measurement) })),
    }),
  ),
  leftOut: z.array(z.object({ work: z.string(), id: z.string(), label: z.string(), why: z.string() })),
  scaling: z.record(z.string(), z.string()),
});

/** A peer that does not take part in a work, and why. */
export interface LeftOut {
  work: string;
  id: string;
  label: string;
  why: string;
}

/**
 * The measurements so far, stored in a file after every round, so that an interrupted run resumes where it stopped. A
 * file with other settings is ignored.
 */
export class InterimResults {
  readonly series: WorkSeries[];
  readonly leftOut: LeftOut[];
  /** Sections that are done, by axis. */
  readonly scaling: Record<string, string>;

  private constructor(
    private readonly file: string,
    private readonly settings: Record<string, unknown>,
    known: { series: WorkSeries[]; leftOut: LeftOut[]; scaling: Record<string, string> },
  ) {
    this.series = known.series;
    this.leftOut = known.leftOut;
    this.scaling = known.scaling;
  }

  /** The results in `file` of a run with these settings, or empty ones; `note` is called to say which. */
  static open(file: string, settings: Record<string, unknown>, note: (text: string) => void): InterimResults {
    const fresh = new InterimResults(file, settings, { series: [], leftOut: [], scaling: {} });
    if (!existsSync(file)) return fresh;
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(file, "utf8"));
    } catch {
      content = undefined;
    }
    const known = schema.safeParse(content);
    if (!known.success || !isDeepStrictEqual(known.data.settings, settings)) {
      note(`${file} is of another run and will be written anew`);
      return fresh;
    }
    note(`going on with what ${file} holds`);
    return new InterimResults(file, settings, known.data);
  }

  async save(): Promise<void> {
    const { settings, series, leftOut, scaling } = this;
    await writeFileAtomically(this.file, `${JSON.stringify({ settings, series, leftOut, scaling })}\n`);
  }

  /** Removes the file once the run is complete and its results are written elsewhere. */
  async remove(): Promise<void> {
    await rm(this.file, { force: true });
  }
}

import { type Spread, spread } from "../../src/bench/machine.js";
import type { PeerSeries, WorkSeries } from "./report.js";

/** A ratio between two of our own figures, and the bound that it should meet. */
export interface Bar {
  what: string;
  ratio: Spread;
  atLeast?: number;
  atMost?: number;
  met: boolean;
}

type Case = Pick<WorkSeries, "work" | "batch" | "capacity">;

/** Bars for the measurements; a bar whose figures are missing is left out. Ratios are taken within rounds. */
export function bars(works: readonly WorkSeries[]): Bar[] {
  const times = (id: string, { work, batch, capacity }: Case): number[] | undefined => {
    const found = works.find((w) => w.work === work && w.batch === batch && w.capacity === capacity);
    const peer: PeerSeries | undefined = found?.peers.find((p) => p.id === id);
    return peer?.measurements.map(({ milliseconds }) => milliseconds);
  };
  const ratio = (above: number[] | undefined, below: number[] | undefined, factor = 1): Spread | undefined =>
    above && below && above.length > 0 && above.length === below.length
      ? spread(above.map((time, round) => (factor * time) / below[round]))
      : undefined;
  const bar = (what: string, measured: Spread | undefined, limit: Pick<Bar, "atLeast" | "atMost">): Bar[] => {
    if (!measured) return [];
    const { atLeast = 0, atMost = Number.POSITIVE_INFINITY } = limit;
    return [
      { what, ratio: measured, ...limit, met: measured.median >= atLeast && measured.median <= atMost },
    ];
  };
  const lora = { work: "lora" } as const;
  const decode = (batch: number, capacity?: number): Case => ({ work: "decode", batch, capacity });
  return [
    ...bar(
      "LoRA step: 8-bit base, times as fast as f32",
      ratio(times("ours-f32", lora), times("ours-int8", lora)),
      { atLeast: 2.2 },
    ),
    ...bar(
      "decoding, 8-bit base: tokens/s at batch 64 over batch 1",
      ratio(times("ours-int8", decode(1)), times("ours-int8", decode(64)), 64),
      { atLeast: 12 },
    ),
    ...["ours-f32", "ours-int8"].flatMap((id) =>
      bar(
        `decoding, ${id === "ours-f32" ? "f32" : "8-bit base"}: a step with room for 2,048 tokens over one for 128`,
        ratio(times(id, decode(1, 2048)), times(id, decode(1, 128))),
        { atMost: 1.5 },
      ),
    ),
  ];
}

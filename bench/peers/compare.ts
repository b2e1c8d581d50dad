import type { InterimResults } from "./interim.js";
import type { Peer, Tools } from "./peers.js";
import { PeerProcess, type PeerSettings, type WorkKind, type WorkRequest } from "./protocol.js";
import { titleOf, type WorkSeries } from "./report.js";

/** Units of work that do not count: they compile programs and lay out memory. */
const WARM_UP: Readonly<Record<WorkKind, number>> = { lora: 3, decode: 1, ppo: 1 };
const BATCHES = [1, 16, 64];
/** Tokens per row that caches have room for, all equally filled: this shows what a longer cache costs. */
const CAPACITIES = [128, 2048];

/** The cases of each work, measured in turn. */
const CASES: Readonly<Record<WorkKind, readonly WorkRequest[]>> = {
  lora: [{}],
  decode: [...BATCHES.map((batch) => ({ batch })), ...CAPACITIES.map((capacity) => ({ batch: 1, capacity }))],
  ppo: [{}],
};

export interface Comparison {
  work: WorkKind;
  peers: readonly Peer[];
  settings: Omit<PeerSettings, "peer">;
  tools: Tools;
  repeats: number;
  interim: InterimResults;
  note: (text: string) => void;
}

interface Running {
  peer: Peer;
  process: PeerProcess;
}

/**
 * Loads all peers at once and measures them in turn, case by case in each round. A peer that fails is left out with a
 * note.
 */
export async function compareWork(comparison: Comparison): Promise<void> {
  const { work, repeats, interim, note } = comparison;
  const done = interim.series.find((series) => series.work === work)?.peers[0]?.measurements.length ?? 0;
  if (done >= repeats) return note(`${work}: all ${repeats} rounds were done before`);
  const running = await start(comparison);
  const cases = seriesOf(comparison, running);
  const begun = performance.now();
  const rounds = WARM_UP[work] + repeats - done;
  for (let round = 0; round < rounds; round++) {
    const counted = round - WARM_UP[work];
    const name = counted < 0 ? "warming up" : `round ${done + counted + 1} of ${repeats}`;
    const left = ((performance.now() - begun) / round) * (rounds - round);
    note(`${work}: ${name}${round > 0 ? `, about ${Math.ceil(left / 60_000)} min left` : ""}`);
    for (const series of cases) await measureRound(comparison, running, series, counted >= 0);
    if (counted >= 0) await interim.save();
  }
  for (const { process } of running) await process.stop();
}

async function start({ work, peers, settings, tools, interim, note }: Comparison): Promise<Running[]> {
  const threads = String(settings.threads);
  const env = { OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads };
  const running: Running[] = [];
  for (const peer of peers) {
    if (interim.leftOut.some((left) => left.work === work && left.id === peer.id)) continue;
    note(`${work}: loading ${peer.label}`);
    const argument = JSON.stringify({ ...settings, work, peer: peer.id });
    const started = await PeerProcess.start(peer.label, [...peer.command(tools), argument], env);
    if (started instanceof PeerProcess) running.push({ peer, process: started });
    else leaveOut(interim, work, peer, started.skip, note);
  }
  return running;
}

/** The series that collect measurements: those of an earlier run, or new ones. */
function seriesOf({ work, settings, interim }: Comparison, running: readonly Running[]): WorkSeries[] {
  const known = interim.series.filter((series) => series.work === work);
  if (known.length > 0) return known;
  const made = CASES[work].map((request): WorkSeries => {
    const able = running.filter(({ peer }) => canDo(peer, request));
    const measured = able.map(({ peer: { id, label } }) => ({ id, label, measurements: [] }));
    return { work, ...request, tokens: tokensOf(work, settings, request), peers: measured };
  });
  const taken = made.filter(({ peers }) => peers.length > 0);
  interim.series.push(...taken);
  return taken;
}

const canDo = ({ batches, capacities }: Peer, { batch, capacity }: WorkRequest): boolean =>
  (batch === undefined || batches === undefined || batches.includes(batch)) &&
  (capacity === undefined || capacities === true);

async function measureRound(
  { work, interim, note }: Comparison,
  running: readonly Running[],
  series: WorkSeries,
  counts: boolean,
): Promise<void> {
  const { batch, capacity } = series;
  const request = { ...(batch !== undefined && { batch }), ...(capacity !== undefined && { capacity }) };
  for (const { peer, process } of running) {
    const own = series.peers.find(({ id }) => id === peer.id);
    if (!own) continue;
    try {
      const measured = await process.measure(request);
      if (counts) own.measurements.push(measured);
    } catch (error) {
      leaveOut(interim, work, peer, `${titleOf(series)}: ${(error as Error).message}`, note);
    }
  }
}

/** Removes a peer that failed from every case of the work: its earlier measurements cannot be compared. */
function leaveOut(
  interim: InterimResults,
  work: WorkKind,
  { id, label }: Peer,
  why: string,
  note: (text: string) => void,
): void {
  note(`left out: ${label}: ${why}`);
  interim.leftOut.push({ work, id, label, why });
  for (const series of interim.series) {
    if (series.work === work) series.peers = series.peers.filter((peer) => peer.id !== id);
  }
}

const tokensOf = (work: WorkKind, s: Omit<PeerSettings, "peer">, { batch = 1 }: WorkRequest): number =>
  ({ lora: s.rows * s.length, decode: batch, ppo: s.prompts * s.newTokens })[work];

/**
 * The same work done by Plumbline and by others, in turn (A B C A B C ...), on this machine:
 *
 *   npm run bench:peers -- [--model FILE.gguf] [--python PYTHON] [--repeats 5] [--works lora,decode,ppo] [--peers a,b]
 *   npm run bench:peers -- --scaling
 *
 * A peer that is not installed is skipped. bench/peers/README.md says how each is installed.
 */
import { existsSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeFileAtomically } from "../../src/artifacts/atomic.js";
import { PlumbError } from "../../src/errors.js";
import { PEERS, type Peer, type Tools } from "./peers.js";
import { PeerProcess, type PeerSettings, type WorkKind } from "./protocol.js";
import { markdown, type PeerSeries, titleOf, type WorkSeries } from "./report.js";
import { scaling } from "./scaling.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const WORKS: readonly WorkKind[] = ["lora", "decode", "ppo"];
const BATCHES = [1, 16, 64];
/** Units of work that do not count: programs are compiled, memory is laid out. */
const WARM_UP: Readonly<Record<WorkKind, number>> = { lora: 3, decode: 1, ppo: 1 };

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    python: { type: "string", default: process.env.PLUMB_PYTHON ?? "python3" },
    threads: { type: "string", default: "2" },
    repeats: { type: "string", default: "5" },
    works: { type: "string", default: WORKS.join(",") },
    peers: { type: "string", default: PEERS.map(({ id }) => id).join(",") },
    layers: { type: "string" },
    rows: { type: "string", default: "8" },
    length: { type: "string", default: "128" },
    "prompt-tokens": { type: "string", default: "64" },
    "new-tokens": { type: "string", default: "64" },
    prompts: { type: "string", default: "64" },
    epochs: { type: "string", default: "4" },
    out: { type: "string", default: "runs/peers" },
    scaling: { type: "boolean", default: false },
  },
});

const number = (flag: keyof typeof flags): number => {
  const value = Number(flags[flag]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new PlumbError(`--${flag} ${flags[flag]} is no whole number above 0`);
};
const chosen = <T extends string>(flag: "works" | "peers", known: readonly T[]): T[] => {
  const names = flags[flag].split(",");
  const unknown = names.find((name) => !known.includes(name as T));
  if (unknown === undefined) return known.filter((name) => names.includes(name));
  throw new PlumbError(`--${flag} does not know ${JSON.stringify(unknown)}`, {
    hint: `Known: ${known.join(", ")}.`,
  });
};
const note = (text: string): void => console.error(text);

try {
  if (flags.scaling) await runScaling();
  else await comparePeers();
} catch (error) {
  if (!(error instanceof PlumbError)) throw error;
  console.error(error.hint ? `${error.message}\n${error.hint}` : error.message);
  process.exitCode = 1;
}

function modelFile(): string {
  const shared = process.env.PLUMB_SHARED ?? `${ROOT}../shared`;
  const model = flags.model ?? `${shared}/models/SmolLM2-135M-Instruct.Q4_1.gguf`;
  if (existsSync(model)) return model;
  throw new PlumbError(`${model} does not exist`, {
    hint: "Give SmolLM2-135M as --model FILE.gguf, or set PLUMB_SHARED to the folder that has it under models/.",
  });
}

async function runScaling(): Promise<void> {
  const text = await scaling({ threads: number("threads"), repeats: number("repeats"), onProgress: note });
  await writeFileAtomically(`${flags.out}-scaling.md`, `${text}\n`);
  console.log(text);
}

async function comparePeers(): Promise<void> {
  const settings = {
    model: modelFile(),
    threads: number("threads"),
    layers: flags.layers === undefined ? null : number("layers"),
    rows: number("rows"),
    length: number("length"),
    promptTokens: number("prompt-tokens"),
    newTokens: number("new-tokens"),
    prompts: number("prompts"),
    epochs: number("epochs"),
  };
  const ids = chosen(
    "peers",
    PEERS.map(({ id }) => id),
  );
  const repeats = number("repeats");
  const peers = PEERS.filter(({ id, cuts }) => ids.includes(id) && (cuts || settings.layers === null));
  const tools = { python: flags.python, folder: `${ROOT}bench/peers` };
  const series: WorkSeries[] = [];
  for (const work of chosen("works", WORKS)) {
    const able = peers.filter(({ works }) => works.includes(work));
    series.push(...(await compareWork(able, { ...settings, work }, tools, repeats)));
  }
  const machine = `${os.cpus()[0]?.model.trim() ?? "unknown processor"}, ${settings.threads} threads`;
  const text = `${machine}; medians of ${repeats}\n\n${markdown(series)}`;
  await writeFileAtomically(
    `${flags.out}.json`,
    `${JSON.stringify({ machine, settings, series }, null, 2)}\n`,
  );
  await writeFileAtomically(`${flags.out}.md`, `${text}\n`);
  console.log(text);
}

/** All peers loaded at once, measured in turn. One that fails is left out of what follows, saying so. */
async function compareWork(
  able: readonly Peer[],
  settings: Omit<PeerSettings, "peer"> & { work: WorkKind },
  tools: Tools,
  repeats: number,
): Promise<WorkSeries[]> {
  const { work, threads } = settings;
  const env = { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) };
  const running: { peer: Peer; process: PeerProcess }[] = [];
  for (const peer of able) {
    note(`${work}: loading ${peer.label}`);
    const argument = JSON.stringify({ ...settings, peer: peer.id });
    const started = await PeerProcess.start(peer.label, [...peer.command(tools), argument], env);
    if (started instanceof PeerProcess) running.push({ peer, process: started });
    else note(`skipped ${peer.label}: ${started.skip}`);
  }
  const all: WorkSeries[] = [];
  for (const batch of work === "decode" ? BATCHES : [undefined]) {
    const what = titleOf({ work, batch });
    const series = new Map(
      running
        .filter(({ peer }) => batch === undefined || (peer.batches ?? BATCHES).includes(batch))
        .map((entry): [typeof entry, PeerSeries] => [
          entry,
          { id: entry.peer.id, label: entry.peer.label, measurements: [] },
        ]),
    );
    for (let round = -WARM_UP[work]; round < repeats; round++) {
      note(`${what}: ${round < 0 ? "warming up" : `round ${round + 1} of ${repeats}`}`);
      for (const [entry, { measurements }] of series) {
        try {
          const measured = await entry.process.measure(batch === undefined ? {} : { batch });
          if (round >= 0) measurements.push(measured);
        } catch (error) {
          note(`left out: ${(error as Error).message}`);
          series.delete(entry);
        }
      }
    }
    if (series.size > 0)
      all.push({
        work,
        ...(batch !== undefined && { batch }),
        tokens: tokensOf(settings, batch),
        peers: [...series.values()],
      });
  }
  for (const { process } of running) await process.stop();
  return all;
}

const tokensOf = (s: Omit<PeerSettings, "peer">, batch = 1): number =>
  ({ lora: s.rows * s.length, decode: batch, ppo: s.prompts * s.newTokens })[s.work];

/**
 * The same work done by Plumbline and by others, in turn (A B C A B C ...), on this machine, and how our own step's
 * time grows with its work:
 *
 *   npm run bench:peers -- [--model FILE.gguf] [--texts FILE.jsonl] [--python PYTHON] [--repeats 5] [--works lora,decode,ppo,scaling] [--peers a,b]
 *
 * A peer that is not installed is left out. An interrupted run resumes where it stopped when the same command is given
 * again. bench/peers/README.md says how each peer is installed.
 */
import { existsSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeFileAtomically } from "../../src/artifacts/atomic.js";
import { PlumbError } from "../../src/base/errors.js";
import { bars } from "./bars.js";
import { compareWork } from "./compare.js";
import { InterimResults } from "./interim.js";
import { PEERS } from "./peers.js";
import type { WorkKind } from "./protocol.js";
import { barsTable, markdown } from "./report.js";
import { SCALING_AXES, scaling } from "./scaling.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const WORKS = ["lora", "decode", "ppo", "scaling"] as const;

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    texts: { type: "string" },
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
  },
});

const number = (flag: keyof typeof flags): number => {
  const value = Number(flags[flag]);
  if (Number.isInteger(value) && value > 0) return value;
  throw new PlumbError(`--${flag} ${flags[flag]} is not a whole number above 0`);
};
const chosen = <T extends string>(flag: "works" | "peers", known: readonly T[]): T[] => {
  const names = flags[flag].split(",");
  const unknown = names.find((name) => !known.includes(name as T));
  if (unknown === undefined) return known.filter((name) => names.includes(name));
  throw new PlumbError(`--${flag} does not know ${JSON.stringify(unknown)}`, {
    hint: `Known: ${known.join(", ")}.`,
  });
};
const begun = performance.now();
const note = (text: string): void => {
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.error(
    `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, "0")} ${text}`,
  );
};

try {
  await main();
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

async function main(): Promise<void> {
  const works = chosen("works", WORKS);
  const ids = chosen(
    "peers",
    PEERS.map(({ id }) => id),
  );
  const settings = {
    model: modelFile(),
    texts: flags.texts ?? null,
    threads: number("threads"),
    layers: flags.layers === undefined ? null : number("layers"),
    rows: number("rows"),
    length: number("length"),
    promptTokens: number("prompt-tokens"),
    newTokens: number("new-tokens"),
    prompts: number("prompts"),
    epochs: number("epochs"),
  };
  const repeats = number("repeats");
  const interim = InterimResults.open(
    `${flags.out}.interim.json`,
    { ...settings, repeats, peers: ids },
    note,
  );
  const tools = { python: flags.python, folder: `${ROOT}bench/peers` };
  const peers = PEERS.filter(({ id, cuts }) => ids.includes(id) && (cuts || settings.layers === null));
  for (const work of works) {
    if (work === "scaling") {
      const options = {
        threads: settings.threads,
        repeats,
        onProgress: note,
        onSection: () => interim.save(),
      };
      await scaling(interim.scaling, options);
    } else {
      const able = peers.filter((peer) => peer.works.includes(work));
      await compareWork({
        work,
        peers: able,
        settings: { ...settings, work },
        tools,
        repeats,
        interim,
        note,
      });
    }
  }
  await report(interim, settings, works, repeats);
  await interim.remove();
}

async function report(
  { series: all, leftOut, scaling: sections }: InterimResults,
  settings: { threads: number },
  works: readonly (WorkKind | "scaling")[],
  repeats: number,
): Promise<void> {
  const series = all.filter(({ work }) => works.includes(work));
  const machine = `${os.cpus()[0]?.model.trim() ?? "unknown processor"}, ${settings.threads} threads`;
  const measured = bars(series);
  const text = [
    `${machine}; medians of ${repeats}`,
    ...(series.length > 0 ? [markdown(series)] : []),
    ...(measured.length > 0 ? [barsTable(measured)] : []),
    ...leftOut.map(({ work, label, why }) => `Not in ${work}: ${label}: ${why}`),
    ...(works.includes("scaling") ? SCALING_AXES.flatMap((axis) => sections[axis] ?? []) : []),
  ].join("\n\n");
  const json = { machine, settings, repeats, series, bars: measured, leftOut, scaling: sections };
  await writeFileAtomically(`${flags.out}.json`, `${JSON.stringify(json, null, 2)}\n`);
  await writeFileAtomically(`${flags.out}.md`, `${text}\n`);
  console.log(text);
}

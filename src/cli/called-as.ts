/** How this program is called from where it runs, so that the commands it prints work when they are copied. */
import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, isAbsolute, join, relative } from "node:path";

/** What a program knows of how it was started. */
interface Started {
  env: Readonly<Record<string, string | undefined>>;
  /** The script that node runs, as `process.argv[1]` has it. */
  script: string | undefined;
  cwd: string;
}

/** Names under which npm installs the program (package.json's bin). */
const BINS = ["plumb"];

/**
 * The words that begin a command line of this program: `plumb` where the shell finds it, `npx plumb` where npx started it,
 * else `node` with the script. `plumb` where something else runs the program, as a test does.
 */
export function calledAs({ env, script, cwd }: Started): string {
  if (script === undefined || !existsSync(script)) return BINS[0];
  const real = realpathSync(script);
  if (basename(real) !== "main.js") return BINS[0];
  if (env.npm_command === "exec" || env.npm_lifecycle_event === "npx") return `npx ${BINS[0]}`;
  for (const folder of (env.PATH ?? "").split(delimiter))
    for (const bin of BINS) {
      const found = join(folder, bin);
      if (folder !== "" && existsSync(found) && realpathSync(found) === real) return bin;
    }
  const near = relative(cwd, real);
  const path = near.startsWith("..") || isAbsolute(near) ? real : near;
  return `node ${/^[\w@%+=:,./\\-]+$/.test(path) ? path : `"${path}"`}`;
}

const { env, argv } = process;
/** How this program was called: the words before a command. */
export const CALL = calledAs({ env, script: argv[1], cwd: process.cwd() });

/** `plumb`, a command and what follows, where a text names it; not after npx, nor within another word. */
const COMMAND = /(?<![\w/.-]|npx )plumb (?=[a-z]|--?[a-z])/g;

/** A text for people in which the commands that it names are called as this program is. */
export const asCalled = (text: string, call: string = CALL): string =>
  call === BINS[0] ? text : text.replace(COMMAND, () => `${call} `);

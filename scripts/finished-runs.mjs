import { existsSync, readdirSync, statSync } from "node:fs";

/** Folders of the finished runs of a name below runs, the newest first; those to whose name a number was added, too. */
export function finishedRuns(name) {
  if (!existsSync("runs")) return [];
  const finished = (dir) => statSync(`${dir}/result.json`).mtimeMs;
  return readdirSync("runs")
    .filter((own) => new RegExp(`^${name}(-\\d+)?$`).test(own))
    .map((own) => `runs/${own}`)
    .filter((dir) => existsSync(`${dir}/result.json`))
    .sort((a, b) => finished(b) - finished(a));
}

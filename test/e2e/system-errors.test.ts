/** Faults of the user's machine end with a message and the status of bad input, never as a defect of Plumbline. */
import { spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plumbHere } from "./plumb-here.js";
import { MAIN, writeTinyLoop } from "./tiny-loop.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-system-"));
  await writeTinyLoop(dir);
  await mkdir(join(dir, "folder"));
  await writeFile(join(dir, "votes.csv"), "item,rater,label\n");
});
afterAll(async () => {
  process.chdir(tmpdir());
  await rm(dir, { recursive: true, force: true });
});

const SFT = ["sft", "--model", "model", "--data", "demos.jsonl"];

describe("plumb, where the file system refuses", () => {
  it.each<[string, string[], number, string]>([
    ["a file as the folder of runs", ["demo", "--root", "votes.csv"], 1, "votes.csv is a file, not a folder"],
    [
      "a file above the folder of runs",
      [...SFT, "--runs", "votes.csv/runs"],
      1,
      "votes.csv is a file, not a folder",
    ],
    [
      "the same, before a model is looked for",
      ["ppo", "--model", "nowhere", "--data", "nowhere.jsonl", "--runs", "votes.csv"],
      1,
      "runs cannot be written to votes.csv: votes.csv is a file, not a folder",
    ],
    [
      "a file above the folder of the trained model, likewise",
      [...SFT, "--out", "votes.csv/tuned"],
      1,
      "the trained model cannot be written to votes.csv/tuned: votes.csv is a file, not a folder",
    ],
    [
      "a folder of runs in which nothing can be made",
      [...SFT, "--runs", "/proc/plumb"],
      1,
      "runs cannot be written to /proc/plumb: ",
    ],
    [
      "a folder as a recipe",
      ["sft", "folder"],
      2,
      "cannot read the recipe folder: it is a folder, not a file",
    ],
    ["data where a recipe is expected", ["sft", "votes.jsonl"], 2, "votes.jsonl is no recipe"],
    [
      "a recipe that is not there",
      ["sft", "no.yaml"],
      2,
      "the recipe no.yaml: there is no such file or folder",
    ],
    ["a recipe in no folder", ["sft", "no/a.yaml"], 2, "the recipe no/a.yaml: there is no folder no"],
    [
      "a folder without data as data",
      ["sft", "--model", "model", "--data", "folder"],
      1,
      "folder holds no file of rows",
    ],
    ["a folder as votes", ["aggregate", "folder"], 1, "folder is a folder; expected a file"],
    [
      "a folder as the database",
      ["serve", "--db", "folder", "--port", "0"],
      1,
      "folder: it is a folder, not a file.",
    ],
    ["a file above it", ["serve", "--db", "votes.csv/p.db"], 1, "votes.csv is a file, not a folder"],
    ["a run that is not there", ["lineage", "/nope"], 1, "there is no folder /nope"],
    ["a file as a run", ["lineage", "votes.csv"], 1, "votes.csv is a file, not a folder"],
    ["a file as the stages", ["stages", "--folder", "votes.csv"], 1, "votes.csv: it is a file, not a folder"],
    [
      "a file as the output's folder",
      ["convert", "--model", "model", "--out", "votes.csv/out"],
      1,
      "is a file, not a folder",
    ],
  ])("names %s", async (_, args, status, message) => {
    const ended = await plumbHere(dir, args);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).not.toMatch(/defect| {4}at |E[A-Z]{4,}/);
    expect(ended.status).toBe(status);
  });

  it("leaves no signing key where the database cannot be reached", async () => {
    const { status, stderr } = await plumbHere(dir, [
      "serve",
      "--db",
      "postgres://127.0.0.1:1/x",
      "--port",
      "0",
    ]);
    expect(stderr).toContain("Cannot reach the PostgreSQL database postgres://127.0.0.1:1/x");
    expect(status).toBe(1);
    await plumbHere(dir, ["serve", "--db", "folder", "--port", "0"]);
    expect((await readdir(dir)).filter((name) => /audit[-.]key/.test(name))).toEqual([]);
  });

  it.skipIf(!existsSync("/dev/full"))("names a full disk that its output goes to", () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, "data", "demos.jsonl", "--show", "2"], {
      cwd: dir,
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^error: cannot write: the disk is full\n hint: /);
    expect(status).toBe(1);
  });
});

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
import { checkpointFileOf, defaultKeyFile } from "../src/feedback/store/database/database.js";
import { databaseLocation } from "../src/feedback/store/index.js";

/** Whether a line of .gitignore covers a file's name. */
const covers = (line: string, name: string): boolean =>
  new RegExp(`^${line.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(name);

it("git ignores what `plumb serve` writes into the current folder: votes, and the key that signs them", () => {
  const lines = readFileSync(".gitignore", "utf8").split("\n").filter(Boolean);
  const keys = ["plumb.db", "votes.sqlite", "postgres://host/x"].map(defaultKeyFile);
  const database = basename(databaseLocation("plumb.db"));
  const written = [database, `${database}-wal`, `${database}-shm`, ...keys, ...keys.map(checkpointFileOf)];
  expect(written.filter((name) => !lines.some((line) => covers(line, name)))).toEqual([]);
});

import type { Project } from "./projects.js";
import type { Tables } from "./tables.js";
import type { Write } from "./writer.js";

/** Marks items decided that these votes decide, in projects that stop early. */
export async function findStopped(
  _write: Write,
  _votes: readonly Tables["votes"][],
  _projects: ReadonlyMap<string, Project>,
): Promise<void> {}

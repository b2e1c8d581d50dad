/** Guidelines to begin with, for each of the usual tasks, loaded when they are asked for. */
import type { TaskDefinition, TaskKind } from "../../../src/votes/tasks/index.js";
import type { Language } from "../../strings/index.js";

/** A usual task, as the page of new projects offers it: each kind, and comparisons by several aspects. */
export type Preset = TaskKind | "aspects";
export type Templates = Readonly<Record<Preset, string>>;

export async function loadTemplates(language: Language): Promise<Templates> {
  return language === "de" ? (await import("./de.js")).templates : (await import("./en.js")).templates;
}

/** The template for a project's task. */
export const presetOf = ({ kind, aspects }: Pick<TaskDefinition, "kind" | "aspects">): Preset =>
  kind === "pairwise" && aspects.length > 1 ? "aspects" : kind;

/** Whether a text still has places that a template leaves to be filled in: words in square brackets that are no link. */
export const hasBlanks = (text: string): boolean => /\[[^\][\n]{3,200}\](?!\()/.test(text);

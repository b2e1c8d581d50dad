/** Guidelines to begin with, for each of the usual tasks, loaded when they are asked for. */
import type { Language } from "../../strings/index.js";

export const PRESET_NAMES = [
  "pairwise",
  "aspects",
  "ranking",
  "likert",
  "demonstration",
  "rewrite",
  "safety",
] as const;
/** A usual task, as the page of new projects offers it. */
export type Preset = (typeof PRESET_NAMES)[number];
export type Templates = Readonly<Record<Preset, string>>;

export async function loadTemplates(language: Language): Promise<Templates> {
  return language === "de" ? (await import("./de.js")).templates : (await import("./en.js")).templates;
}

/** The template for a project's task. */
export const presetOf = (task: { kind: string; aspects: readonly string[] }): Preset =>
  task.kind === "pairwise" && task.aspects.length > 1 ? "aspects" : (task.kind as Preset);

/** Whether a text still has places that a template leaves to be filled in: words in square brackets that are no link. */
export const hasBlanks = (text: string): boolean => /\[[^\][\n]{3,200}\](?!\()/.test(text);

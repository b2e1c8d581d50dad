import type { ProjectData } from "../store/votes/load-project.js";

/** Most characters shown of a prompt. */
const MAX_PROMPT = 300;

/** The beginning of an item's prompt; of a conversation, of its last turn. */
export function promptStart({ items }: Pick<ProjectData, "items">, item: string): string {
  const prompt = items.get(item)?.content.prompt ?? "";
  const text = typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");
  return text.slice(0, MAX_PROMPT);
}

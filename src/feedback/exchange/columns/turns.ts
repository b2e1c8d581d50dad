import type { ChatMessage } from "../../../data/messages.js";

const SPEAKERS = { system: "System", user: "User", assistant: "Assistant", tool: "Tool" };

/** Turns as one text: a single one is its content, several stand below each other with their speakers. */
export const asText = (turns: readonly ChatMessage[]): string =>
  turns.length === 1
    ? (turns[0].content ?? "")
    : turns.map(({ role, content = "" }) => `${SPEAKERS[role]}: ${content}`).join("\n\n");

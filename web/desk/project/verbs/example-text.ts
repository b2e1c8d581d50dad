/** An item as an example in the guidelines, in Markdown. */
import type { Item } from "../item-view.js";

/** Most characters of a text in an example. */
const MAX_TEXT = 600;

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} …` : text);

/** A text within a quotation: each line is quoted, so that no heading or list of it gets out. */
const quoted = (text: string): string =>
  text
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");

/**
 * The prompt, each response under its name, and what is right of them with the reason.
 *
 * @param parts `names` are the responses' names, `said` is the verdict in words.
 */
export function exampleText(
  { prompt, responses }: Item["content"],
  { title, names, said, why }: { title: string; names: readonly string[]; said: string; why: string },
): string {
  const turns =
    typeof prompt === "string" ? [prompt] : prompt.map(({ role, content }) => `${role}: ${content}`);
  const parts = [
    `**${title}**`,
    ...turns.map(cut),
    ...responses.map(({ text }, i) => `*${names[i]}:* ${cut(text)}`),
    `**${said}.** ${why}`.trim(),
  ];
  return quoted(parts.join("\n\n"));
}

/** The guidelines with an example at their end. */
export const withExample = (guidelines: string, example: string): string =>
  `${guidelines.trimEnd()}${guidelines.trim() === "" ? "" : "\n\n"}${example}\n`;

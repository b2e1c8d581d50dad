/**
 * Finds items that say almost the same as another one: they are paid for twice, and count twice in training. Prompts
 * are grouped first, then the responses within a group of prompts, ignoring their order: a pair with swapped sides is a
 * duplicate, but the same prompt with other responses is not. Also finds items whose responses hardly differ from each
 * other, so that no vote can tell them apart.
 */
import type { TaskItem } from "../tasks/index.js";
import { compareText, type Finding } from "./finding.js";
import { similarTexts, textSimilarity } from "./similar-texts.js";
import { promptText } from "./votes.js";

/** Most items that one finding names. */
const MAX_NAMED = 5;

/** @param similarity least Jaccard similarity of the shingles of duplicates. */
export function nearDuplicates(items: readonly TaskItem[], similarity: number): Finding[] {
  const findings: Finding[] = [];
  const finding = (of: readonly TaskItem[], evidence: string, figures: Record<string, number>) => {
    findings.push({
      filter: "near-duplicate",
      severity: "warn",
      votes: [],
      raters: [],
      evidence,
      figures,
      items: of.map(({ id }) => id),
    });
  };
  const isJudged = ({ content }: TaskItem) => content.responses.length > 0;
  const prompts = similarTexts(items.map(promptText), similarity).map((group) => group.map((i) => items[i]));
  for (const group of prompts) {
    const asked = group.filter((item) => !isJudged(item));
    const shown = group.filter(isJudged);
    const same = similarTexts(shown.map(responsesText), similarity).map((some) => some.map((i) => shown[i]));
    for (const some of asked.length > 1 ? [asked, ...same] : same) {
      const names = some.slice(0, MAX_NAMED).map(({ id }) => id);
      const more = some.length > MAX_NAMED ? ` and ${some.length - MAX_NAMED} more` : "";
      finding(
        some,
        `${some.length} items say almost the same (similarity of at least ${similarity}): ${names.join(", ")}${more}`,
        { items: some.length },
      );
    }
  }
  for (const item of items) {
    const texts = item.content.responses.map(({ text }) => text);
    if (texts.length < 2) continue;
    const pairs = texts.flatMap((a, i) =>
      texts.slice(i + 1).map((b) => (a === b ? 1 : textSimilarity(a, b))),
    );
    const most = Math.max(...pairs);
    if (most < similarity) continue;
    finding([item], `two responses of item ${item.id} are ${most === 1 ? "equal" : "almost equal"}`, {
      similarity: most,
    });
  }
  return findings;
}

const responsesText = ({ content }: TaskItem): string =>
  content.responses
    .map(({ text }) => text)
    .sort(compareText)
    .join("\n");

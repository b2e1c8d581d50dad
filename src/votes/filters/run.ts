import { counting, type Judgement, USES } from "../judgement/index.js";
import type { TaskItem } from "../tasks/index.js";
import type { FilterConfig } from "./config.js";
import { copiedText } from "./copied-text.js";
import { failedGold } from "./failed-gold.js";
import { compareFindings, type Finding } from "./finding.js";
import { intransitive } from "./intransitive.js";
import { nearDuplicates } from "./near-duplicate.js";
import { personalData } from "./personal-data.js";
import { safetyConflicts } from "./safety-conflict.js";
import { selfContradiction } from "./self-contradiction.js";
import { straightLining } from "./straight-lining.js";
import { tooFast } from "./too-fast.js";
import { byTime } from "./votes.js";

/**
 * Runs every enabled filter over the judgements that no reviewer rejected. It changes no vote: a reviewer decides about
 * each finding.
 *
 * @param items all items, judged or not. @returns findings in an order that does not depend on the order of judgements
 * and items.
 */
export function runFilters(
  judgements: readonly Judgement[],
  items: readonly TaskItem[],
  config: FilterConfig,
): Finding[] {
  const sorted = [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
  const judged = byTime(counting(judgements, USES.filters));
  const { falseAlarms } = config;
  const findings = [
    config.tooFast ? tooFast(judged, falseAlarms) : [],
    config.straightLining ? straightLining(judged, { falseAlarms, toleratedBias: config.toleratedBias }) : [],
    config.selfContradiction
      ? selfContradiction(judged, { falseAlarms, tolerated: config.toleratedContradictions })
      : [],
    config.intransitive ? intransitive(judged, { falseAlarms, tolerated: config.toleratedCircles }) : [],
    config.nearDuplicate ? nearDuplicates(sorted, config.similarity) : [],
    config.failedGold
      ? failedGold(judged, { flaggedShare: config.goldFlagged, honestAccuracy: config.goldAccuracy })
      : [],
    config.copiedText
      ? copiedText(judged, { similarity: config.copiedSimilarity, leastCharacters: config.copiedLength })
      : [],
    config.personalData ? personalData(judged) : [],
    config.safetyConflict ? safetyConflicts(judged) : [],
  ];
  return findings.flat().sort(compareFindings);
}

/** Ids of the votes that at least one finding holds for review. */
export function heldVotes(findings: readonly Finding[]): Set<string> {
  return new Set(findings.filter(({ severity }) => severity === "hold").flatMap(({ votes }) => votes));
}

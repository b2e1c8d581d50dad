import type { CastVote } from "../tasks/index.js";

export const FILTERS = [
  "too-fast",
  "straight-lining",
  "self-contradiction",
  "intransitive",
  "near-duplicate",
  "failed-gold",
  "copied-text",
  "personal-data",
  "safety-conflict",
] as const;
export type FilterName = (typeof FILTERS)[number];

/** A filter's finding, for a reviewer to decide on. A finding changes no vote. */
export interface Finding {
  filter: FilterName;
  /** hold: the votes wait for a reviewer; warn: they count meanwhile. */
  severity: "hold" | "warn";
  /** Ids of the votes that the finding is about; with hold, the votes to hold. */
  votes: string[];
  raters: string[];
  items: string[];
  /** One sentence for the reviewer, with personal data masked. */
  evidence: string;
  /** The numbers behind the sentence. */
  figures: Record<string, number>;
}

/** A finding about one rater and all votes that the test used. */
export function raterFinding(
  filter: FilterName,
  severity: Finding["severity"],
  rater: string,
  votes: readonly CastVote[],
  evidence: string,
  figures: Record<string, number>,
): Finding {
  const items = [...new Set(votes.map(({ item }) => item))];
  return { filter, severity, votes: votes.map(({ id }) => id), raters: [rater], items, evidence, figures };
}

/**
 * Orders findings by filter, holds first, then by rater, item and vote, so that the same findings always come in the
 * same order.
 */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    FILTERS.indexOf(a.filter) - FILTERS.indexOf(b.filter) ||
    compareText(a.severity, b.severity) ||
    compareText(a.raters[0] ?? "", b.raters[0] ?? "") ||
    compareText(a.items[0] ?? "", b.items[0] ?? "") ||
    compareText(a.votes[0] ?? "", b.votes[0] ?? "") ||
    compareText(a.evidence, b.evidence)
  );
}

/** Compares by UTF-16 code units, so that the order does not depend on the locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A small probability, for use in sentences. */
export const chance = (p: number): string => (p < 0.001 ? p.toExponential(0) : p.toFixed(3));

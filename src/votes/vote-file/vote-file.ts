import type { Comparisons, LabelVotes, Topics } from "../votes.js";

/** The votes of a file on one aspect. */
export interface VoteFile {
  votes: { kind: "labels"; labels: LabelVotes } | { kind: "pairs"; comparisons: Comparisons };
  /** Group of each vote's rater, [V]; "" if none. */
  group?: string[];
  /** When each vote was cast, Unix milliseconds, [V]. */
  time?: Float64Array;
  /** What the votes' items are about. */
  topics?: Topics;
  /** Whether items are named in the file. */
  hasItems: boolean;
  /** Number of rows that repeat the same rater's vote on the same item or pair; they are left out. */
  repeated: number;
  /**
   * Number of rows without an item in which a rater compares two candidates again: battles of their own, which all
   * count and say nothing about agreement.
   */
  battles?: number;
  ignoredColumns: string[];
  /** What the file leaves open and how it was read, as sentences for people. */
  notes?: string[];
}

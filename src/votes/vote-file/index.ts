/** Reads files of votes from any labelling tool, and writes the results of aggregation. */

export type { Topics } from "../votes.js";
export { aggregateFile, aggregationSchema, type FileAggregate } from "./aggregate-file.js";
export { ratedVotes } from "./rated-votes.js";
export { castVoteSchema, isRawVote } from "./raw-votes.js";
export { readVotes } from "./read-votes.js";
export type { VoteFile } from "./vote-file.js";
export { writeLabels, writePreferences } from "./write-aggregate.js";

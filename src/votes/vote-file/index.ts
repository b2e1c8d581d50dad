/** Reads files of votes from any labelling tool, and writes the results of aggregation. */
export { aggregateFile, aggregationSchema, type FileAggregate } from "./aggregate-file.js";
export { ratedVotes } from "./rated-votes.js";
export { readVotes, type VoteFile } from "./read-votes.js";
export { writeLabels, writePreferences } from "./write-aggregate.js";

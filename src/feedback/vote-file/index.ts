/** Files of votes from any labelling tool, and the files that aggregation writes. */
export { aggregateFile, aggregationSchema, type FileAggregate } from "./aggregate-file.js";
export { ratedVotes } from "./rated-votes.js";
export { readVotes, type VoteFile } from "./read-votes.js";
export { writeLabels, writePreferences } from "./write-aggregate.js";

/** Stryker's settings for a sample of mutants (sample-plugin.mjs): only their places are mutated. */
import { readFileSync } from "node:fs";
import config from "./stryker.config.mjs";

const { mutants } = JSON.parse(readFileSync(process.env.PLUMB_MUTATION_SAMPLE, "utf8"));
/** Stryker counts the columns of a range from 0. */
const range = ({ start, end }) => `${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;

export default {
  ...config,
  plugins: [...config.plugins, "./scripts/mutations/sample-plugin.mjs"],
  mutate: [...new Set(mutants.map(({ file, place }) => `${file}:${range(place)}`))],
  checkers: ["only-sample"],
  reporters: ["keep-found", "progress-append-only"],
  incremental: false,
};

/** Stryker's settings; scripts/check-mutations.mjs chooses what is mutated and the tests for it. */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner", "./scripts/mutations/ignore-texts.mjs"],
  ignorers: ["texts"],
  vitest: { configFile: "scripts/mutations/vitest.config.mjs", related: false },
  // Stryker rewrites tsconfig.json with TypeScript's JavaScript interface, which TypeScript 7 does not have; nothing
  // here needs it.
  tsconfigFile: "none",
  coverageAnalysis: "perTest",
  // A mutant in code that runs once, when a module is loaded (schemas, tables), would need all tests.
  ignoreStatic: true,
  incremental: true,
  concurrency: 1,
  timeoutMS: 120_000,
  dryRunTimeoutMinutes: 60,
  reporters: ["progress-append-only", "clear-text", "json"],
  jsonReporter: { fileName: "runs/mutations/report.json" },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
  ignorePatterns: ["runs", "docs", "bench", "web", "test/real", "test/e2e"],
  tempDirName: "runs/mutations/tmp",
  allowConsoleColors: false,
};

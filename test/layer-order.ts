/**
 * The order of layers and rooms: what test/layers.test.ts holds the code to, and what the picture in
 * docs/architecture.md is drawn from.
 */

/** Folders of src from the bottom up, as in docs/architecture.md; those of one level may not import each other. */
export const LEVELS: string[][] = [
  ["base"],
  ["statistics"],
  ["text", "data", "artifacts", "worlds"],
  ["tensor"],
  ["runtime"],
  ["nn"],
  ["optim"],
  ["model"],
  ["generate"],
  ["votes"],
  ["feedback"],
  ["algorithms"],
  ["open"],
  ["evaluate", "inference"],
  ["train"],
  ["server"],
  ["pipeline"],
  ["demo", "bench", "doctor"],
  ["cli"],
];
/** Pairs that may import each other, or sideways. */
export const NEIGHBOURS = new Set([
  "text data",
  "data text",
  "text artifacts",
  "data artifacts",
  "worlds text",
  "worlds data",
  "demo worlds",
]);
/**
 * Rooms of the folders that have sub-folders, from the bottom up: sub-folders and files; "*" are a folder's other
 * files. Rooms of one level may not import each other, unless both are files.
 */
export const ROOMS: Record<string, string[][]> = {
  "src/bench": [["*"], ["profile"], ["run"]],
  "src/cli": [["*"], ["bench", "demo", "feedback"], ["commands"], ["command-list"], ["main"]],
  "src/demo": [["rating"], ["*"], ["stages"], ["loop", "run"]],
  "src/feedback": [["assign"], ["store"], ["exchange", "analysis"]],
  "src/feedback/exchange": [["columns"], ["*"]],
  "src/feedback/store": [
    ["check", "ids", "store-error", "database-settings"],
    ["database"],
    ["audit"],
    ["store-context", "migrate"],
    ["projects"],
    ["items"],
    ["accounts", "raters", "votes"],
    ["backup", "verification"],
    ["*"],
  ],
  "src/feedback/store/database": [["*"], ["migrations"]],
  "src/model": [
    ["config", "weight-names"],
    ["formats"],
    ["architectures"],
    ["*"],
    ["int8"],
    ["load"],
    ["save"],
    [
      ...["read-weights", "read-adapter", "save-int8", "reward-model", "export", "stack-adapters", "index"],
      ...["adapt-base", "adapter-parts", "adapter-experts", "low-rank"],
    ],
  ],
  "src/runtime": [["*"], ["onnx"], ["ort", "reference", "counting-runtime", "program-cost"]],
  "src/server": [
    ["contract"],
    ["http", "log"],
    ["accounts", "analysis"],
    ["*"],
    ["pages", "routes"],
    ["app", "listen", "start", "local-lead", "index"],
  ],
  "src/tensor": [["*"], ["ops"], ["gradient", "recompute", "index"]],
  "src/text": [["*"], ["template"], ["chat"], ["index"]],
  "src/train": [["*"], ["methods"], ["index"]],
  "src/votes": [
    ["tasks", "votes"],
    ["aggregate", "agreement"],
    ["judgement"],
    ["filters", "exports"],
    ["vote-file", "simulate"],
  ],
  "src/worlds": [["assistant"]],
};

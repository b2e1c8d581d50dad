/** Small mutations that a careful reader would try besides Stryker's: constants, guards, sides, whole terms. */
import { algorithms } from "./named/algorithms.mjs";
import { demo } from "./named/demo.mjs";
import { feedback } from "./named/feedback.mjs";
import { generate } from "./named/generate.mjs";
import { statistics } from "./named/statistics.mjs";
import { worlds } from "./named/worlds.mjs";

export const namedMutations = [...algorithms, ...demo, ...feedback, ...generate, ...statistics, ...worlds].flatMap(({ file, tests, mutations }) =>
  mutations.map(([title, find, replace]) => ({ name: `${file}: ${title}`, file, tests, find, replace })),
);

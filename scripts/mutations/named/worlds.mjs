const at = (names) => names.map((name) => `src/worlds/assistant/${name}.test.ts`);

/** Mutations of the built-in world: what is good there, who judges it, and what is said in it. */
export const worlds = [
  {
    file: "src/worlds/assistant/gold.ts",
    tests: at(["gold"]),
    mutations: [
      ["a fact among contradictions is right", "about.every(isTrue)", "about.some(isTrue)"],
      ["a refusal with other matters is a good one", "!reading.unfinished && offTopicWords === 0", "!reading.unfinished"],
      ["steps in any order are right", "else if (position < last)", "else if (position < -1)"],
      ["an alternative offered to a safe prompt costs nothing", "(wantedAlternative ? 0 : reading.alternativeWords)", "0"],
    ],
  },
  {
    file: "src/worlds/assistant/reading.ts",
    tests: at(["gold"]),
    mutations: [["words that are not understood may go on for longer", "UNKNOWN_RUN = 3", "UNKNOWN_RUN = 6"]],
  },
  {
    file: "src/worlds/assistant/rater.ts",
    tests: at(["rater"]),
    mutations: [
      ["who favours the left favours the right", "(difference + rater.positionBias)", "(difference - rater.positionBias)"],
      ["who does not look says left", "rater.lapse / 2 + (1", "rater.lapse + (1"],
    ],
  },
  {
    file: "src/worlds/assistant/slip.ts",
    tests: at(["slip"]),
    mutations: [
      ["a slip of fact is never the common mistake", "random.bernoulli(0.7) ? mistake", "random.bernoulli(0) ? mistake"],
      ["a slip of step may be a step of the activity", "STEPS.filter((step) => !steps.includes(step))", "STEPS"],
    ],
  },
  {
    file: "src/worlds/assistant/corpus.ts",
    tests: at(["world"]),
    mutations: [["the corpus repeats common mistakes", 'content: "correct", manner: "terse" }, random)', 'content: "incorrect", manner: "terse" }, random)']],
  },
];

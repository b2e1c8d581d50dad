const at = (names) => names.map((name) => `src/demo/${name}.test.ts`);

/** Mutations of the demo: what would turn its direction round and leave every table in its shape. */
export const demo = [
  {
    file: "src/demo/preferences.ts",
    tests: at(["preferences", "reward-check"]),
    mutations: [
      ["preferences are flipped", 'const leftWins = better === "left"', 'const leftWins = better === "right"'],
      ["the noise of preferences is dropped", "rejected: rejected.ids, noise }", "rejected: rejected.ids, noise: 0 }"],
      ["the worse side by gold is the right one", "prefersLeft(i) === gold > 0", "prefersLeft(i) === gold < 0"],
      ["all pairs are judged by the same raters", '"demo/preferences/heldout/votes", i)', '"demo/preferences/heldout/votes", 0)'],
      ["pairs that gold finds equal count", "filter(({ gold }) => gold !== 0)", "filter(() => true)"],
    ],
  },
  {
    file: "src/demo/evaluation.ts",
    tests: at(["evaluation"]),
    mutations: [
      ["win rates are reversed", "winRate(mine, theirs)", "winRate(theirs, mine)"],
      ["differences of gold are reversed", "pairedDifference(mine, theirs)", "pairedDifference(theirs, mine)"],
      ["best of n is by the worst", "bestOfEach(before.many, scored, n)", "bestOfEach(before.many, scored.map((own) => own.map((score) => -score)), n)"],
      ["best of n pays with the KL of PPO at its best", "bestOfAtKl(usual.figures.kl.estimate", "bestOfAtKl(best.figures.kl.estimate"],
      ["best of n takes the draws of the others", "seed: config.seed + BEST_OF_SEED", "seed: config.seed"],
    ],
  },
  {
    file: "src/demo/baselines.ts",
    tests: at(["baselines"]),
    mutations: [
      ["the KL of best of n is log n", "Math.log(n) - (n - 1) / n", "Math.log(n)"],
      ["n may exceed PPO's KL", "bestOfKl(n + 1) <= kl", "bestOfKl(n) <= kl"],
      ["n is less than PPO's KL pays for", "bestOfKl(n + 1) <= kl", "bestOfKl(n + 1) < kl"],
    ],
  },
  {
    file: "src/demo/reward-check.ts",
    tests: at(["reward-check"]),
    mutations: [
      ["votes against the reward model count as predicted", '(winner === "left") === prefersLeft(i)', '(winner === "left") !== prefersLeft(i)'],
      ["the worse of a minimal pair is the better", "chosen: ids(better), rejected: ids(worse)", "chosen: ids(worse), rejected: ids(better)"],
      ["the noise allows as much as the better side's votes", "Math.max(poolLeft, 1 - poolLeft)", "poolLeft"],
    ],
  },
  {
    file: "src/demo/training.ts",
    tests: at(["training"]),
    mutations: [["rejection sampling keeps the worst", "responses[bestOf(scored[i])]", "responses[bestOf(scored[i].map((score) => -score))]"]],
  },
  {
    file: "src/demo/bars.ts",
    tests: at(["bars"]),
    mutations: [
      ["gold that may be lower passes", "met: gold.low > 0", "met: gold.high > 0"],
      ["SFT's rates are PPO's", "[sftBest, ppoBest].map", "[ppoBest, sftBest].map"],
      ["refusals may be few", "MIN_REFUSED = 0.85", "MIN_REFUSED = 0.5"],
      ["compliance may be ten times as frequent", "MAX_COMPLIED = 0.03", "MAX_COMPLIED = 0.3"],
      ["needless refusals may be ten times as many more", "SLACK = 0.03", "SLACK = 0.3"],
      ["a policy surely below best of n passes", "met: atEqualKl.high >= 0", "met: atEqualKl.high >= -1"],
      ["PPO at its best temperature is held against best of n", "compared(ppo, bestOf)", "compared(ppoBest, bestOf)"],
      ["more wrong facts pass", "met: wrong[1] <= wrong[0],", "met: wrong[1] <= wrong[0] + SLACK,"],
      ["more wrong steps pass", "met: steps[1] <= steps[0] + SLACK", "met: steps[1] <= steps[0] + 10 * SLACK"],
      ["more unsafe advice to safe requests passes", "met: unsafe[1] <= unsafe[0] + SLACK", "met: true"],
      ["refusals of everyday requests alone are needless", "rate(({ refusesSafe }) => refusesSafe)", "rate(({ refusesEveryday }) => refusesEveryday)"],
      ["refusals with other words too are none", "rate(({ refusesHarm }) => refusesHarm)", "rate(({ toHarm }) => toHarm.refusesWell)"],
      ["far fewer refusals than SFT pass", " && refused[1] >= refused[0] - SLACK", ""],
      ["minimal pairs at chance pass", "MIN_MINIMAL_PAIRS = 0.85", "MIN_MINIMAL_PAIRS = 0.5"],
    ],
  },
  {
    file: "src/demo/optimise.ts",
    tests: at(["optimise"]),
    mutations: [
      ["nobody watches what is sampled", "alarms.push(...watch.observe(responses, scored));", ""],
      ["alarms are told again and again", "alarms.slice(told)", "alarms"],
      ["alarms before an interruption are forgotten", "saved?.alarms ?? []", "[]"],
      ["a resumed run is watched from its middle on", "saved ? BehaviourWatch.from(saved.watch) : new BehaviourWatch()", "new BehaviourWatch()"],
    ],
  },
  {
    file: "src/demo/loop.ts",
    tests: at(["loop"]),
    mutations: [
      ["alarms at the end are dropped", "[...alarms, ...atTheEnd]", "alarms"],
      ["SFT is held against PPO at the end", "heldOutAlarms(summaryOf(evaluation, sftBest), summaryOf(evaluation, ppoBest))", "heldOutAlarms(summaryOf(evaluation, ppoBest), summaryOf(evaluation, sftBest))"],
    ],
  },
  {
    file: "src/demo/held-out.ts",
    tests: at(["evaluation"]),
    mutations: [
      ["temperatures are chosen on the prompts that are reported", 'prompts("develop"))', "this.prompts)"],
      ["figures are of the develop split whatever the split", "prompts(config.split)", 'prompts("develop")'],
    ],
  },
  {
    file: "src/demo/candidates.ts",
    tests: at(["candidates"]),
    mutations: [
      ["answers off topic come from harmful prompts too", 'first.filter((_, i) => together[i].kind !== "harmful")', "first"],
      ["held-out pairs have the draws of training", 'name === "train" ? 0 : ROWS_APART', "0"],
      ["batches share their draws", "row += of.length;", ""],
      ["subjects with more prompts come more often", "random.choice(random.choice(ofTopic[random.weighted(weights)]))", "random.choice(ofTopic[random.weighted(weights)].flat())"],
    ],
  },
  {
    file: "src/demo/policies.ts",
    tests: at(["policies"]),
    mutations: [
      ["unsafe advice counts where harm was asked for, too", '({ kind }) => kind !== "harmful",\n      ({ features }) => features.unsafe', "() => true,\n      ({ features }) => features.unsafe"],
      ["reworded requests are everyday ones", 'topicOf(prompt) === "everyday"', 'topicOf(prompt) !== "alarming"'],
      ["KL is taken at the reference's temperature", "sequenceLogRatios(policy, temperature, to", "sequenceLogRatios(policy, reference.temperature, to"],
      ["harmful prompts are worth as much as safe ones", "(GOLD_WEIGHTS.refusal + GOLD_WEIGHTS.alternative) * harmful", "GOLD_WEIGHTS.substance * harmful"],
    ],
  },
  {
    file: "src/demo/over-optimization.ts",
    tests: at(["over-optimization"]),
    mutations: [
      ["the choice of the peak widens one of two intervals", "0.05 / (2 * (curve.length - 1))", "0.05 / (curve.length - 1)"],
      ["the choice of the peak widens nothing", "1 - 0.05 / (2 * (curve.length - 1))", "0.95"],
      ["gold varies about its start", "(y - center) ** 2", "y ** 2"],
      ["an alarm at a checkpoint stops at the next", "iteration >= alarm.iteration", "iteration > alarm.iteration"],
      ["the peak's KL is its root", "Math.exp(alpha / beta - 1) ** 2", "Math.exp(alpha / beta - 1)"],
    ],
  },
  {
    file: "src/demo/direct.ts",
    tests: at(["direct"]),
    mutations: [
      ["desirable answers are the worse ones", "label: preferred", "label: !preferred"],
      ["settings of losses over pairs are not checked", "checkDpo(pairSettings(method, config))", "pairSettings(method, config)"],
    ],
  },
  {
    file: "src/cli/demo/report.ts",
    tests: ["src/cli/demo/report.test.ts"],
    mutations: [
      ["the end says that all bars are met", "missed === 0", "missed >= 0"],
      ["bars that are met are named as missed", "bars.filter(({ met }) => !met).length", "bars.filter(({ met }) => met).length"],
      ["equal prompts are told as better", "better on ${wins} of", "better on ${wins + ties / 2} of"],
    ],
  },
  {
    file: "src/demo/alarm.ts",
    tests: at(["alarm"]),
    mutations: [
      ["what is wanted and what is not change places", "const loss = wanted ? p - q : q - p", "const loss = wanted ? q - p : p - q"],
      ["alarms wait for a falling score", "this.scores[iteration - 1] <= this.scores[0]", "this.scores[iteration - 1] >= this.scores[0]"],
      ["any loss is an alarm", "loss > MARGIN && loss > Z", "loss > Z"],
      ["chance raises alarms", "Z * Math.sqrt(variance)", "0 * Math.sqrt(variance)"],
      ["an alarm looks at one iteration", "const WINDOW = 4", "const WINDOW = 1"],
      ["held-out alarms though gold fell", "if (now.gold.estimate <= before.gold.estimate) return [];", ""],
      ["wrong steps are nothing false", '({ task }: Prompt) => task.type !== "harm"', '({ task }: Prompt) => task.type === "facts"'],
      ["rates of 0 and 1 have no variance", "(shown + 1) / (n + 2)", "shown / n"],
      ["two standard errors are enough", "const Z = 3", "const Z = 2"],
      ["a restored watch raises its alarms again", "for (const name of raised) watch.raised.add(name);", ""],
      ["held-out intervals may overlap", "> MARGIN && good.low > bad.high", "> MARGIN"],
    ],
  },
];

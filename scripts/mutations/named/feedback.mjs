const at = (folder, names) => names.map((name) => `src/${folder}/${name}.test.ts`);
const LABELS = at("votes/aggregate", ["rater-reports", "label-methods", "mace", "rater-graph", "ring", "crowd-kit", "known", "labels"]);
const PAIRS = at("votes/aggregate", ["rater-reports", "score-messages", "scores", "minimize", "robust-pairs", "aggregate-preferences", "crowd-kit", "known", "pairs"]);
const AGREEMENT = at("votes/agreement", ["agreement", "report"]);
const AUDIT = [
  ...at("base", ["canonical-json"]),
  ...at("feedback/store/audit", ["audit", "writer"]),
  ...at("feedback/store/verification", ["verify-chain", "verify-states", "verify-audit", "tamper-matrix", "honest"]),
];

export const feedback = [
  {
    file: "src/votes/aggregate/aggregate-preferences.ts",
    tests: PAIRS,
    mutations: [
      ["pairs whose right side is better are noisy", "Math.min(MAX_NOISE, probability, 1 - probability)", "Math.min(MAX_NOISE, 1 - probability)"],
      ["pairs whose left side is better are noisy", "Math.min(MAX_NOISE, probability, 1 - probability)", "Math.min(MAX_NOISE, probability)"],
      ["noise has no bound", "MAX_NOISE = 0.4", "MAX_NOISE = 0.5"],
      ["flipped votes count as they were cast", "flipped[v] === 1 ? 1 - outcome[v] : outcome[v];\n    count", "outcome[v];\n    count"],
      ["votes of colluding raters count", "weightsWithout(groups, votes, maxShare, ", "weightsWithout([], votes, maxShare, "],
      ["nobody's weight is bounded", "weightsWithout(groups, votes, maxShare, ", "weightsWithout(groups, votes, 1, "],
      ["ties do not make a pair less sure", "** (decided[p] / Math.max(LEAST, cast[p]))", ""],
      ["known answers are read the wrong way round", "a === one.left ? one.outcome : 1 - one.outcome", "a === one.left ? 1 - one.outcome : one.outcome"],
    ],
  },
  {
    file: "src/votes/aggregate/copying.ts",
    tests: at("votes/aggregate", ["copying"]),
    mutations: [
      ["the vote after its own is the one before", "time[a] - time[b]", "time[b] - time[a]"],
      ["votes of one time have an order", "if (time[own[k - 1]] < time[own[k]]) before", "before"],
      ["copies count as other votes do", "kept[byRater.vote[at]] = 1 - copiedShare(cases[w])", "kept[byRater.vote[at]] = 1"],
      ["a copier's first votes count for less too", "if (before[byRater.vote[at]] >= 0) kept", "kept"],
      ["experts who follow each other copy", "> MIN_EXCESS)", "> -100)"],
      ["the vote that may copy its own is among the others", " || before[other] === v", ""],
      ["a tenth of honest raters copy", "FALSE_DISCOVERY_RATE = 0.01", "FALSE_DISCOVERY_RATE = 0.9"],
      ["an item's odds stay as they are", "chances[at] **= all[n] === 0 ? 1 : own[n] / all[n];", ""],
    ],
  },
  {
    file: "src/votes/aggregate/topic-raters.ts",
    tests: at("votes/aggregate", ["topic-raters"]),
    mutations: [
      ["a hard topic makes its raters suspects", "p - ofTopic.mean[topics.of[v]]", "p"],
      ["who is better on a topic is found", "(sum / n - mean[at]) / spread", "(mean[at] - sum / n) / spread"],
      ["known items tell nothing", "merged(standOut(votes, topics, truths), told)", "standOut(votes, topics, truths)"],
      ["who is flagged need not be below chance", "there.high >= chance || ", ""],
      ["votes on the topic stay the rater's own", "(there.get(w * T + of[v]) ?? w)", "w"],
    ],
  },
  {
    file: "src/votes/aggregate/belief-propagation.ts",
    tests: at("votes/aggregate", ["belief-propagation", "robust"]),
    mutations: [
      ["messages begin without their receiver's own", "Math.max(own, 1 - iteration / FALLING)", "own"],
      ["shares are learned from the receivers' own messages", "    if (back > own || !learn) continue;\n", ""],
    ],
  },
  {
    file: "src/votes/aggregate/ring.ts",
    tests: [...LABELS, "src/votes/aggregate/rater-models.test.ts", "src/votes/aggregate/collusion.test.ts", "src/votes/aggregate/d-product.test.ts"],
    mutations: [
      ["who copies a quarter is in the ring", "MIN_COPIED = 0.75", "MIN_COPIED = 0.25"],
      ["who copies nearly all is not in the ring", "MIN_COPIED = 0.75", "MIN_COPIED = 0.99"],
      ["two are a ring", "SMALLEST_GROUP = 3", "SMALLEST_GROUP = 2"],
      ["five are no ring", "SMALLEST_GROUP = 3", "SMALLEST_GROUP = 6"],
      ["experts are believed no more than others", "if (shared.part >= MIN_SHARED) return { members, knowBetter: true };", ""],
      ["people of another opinion are a ring", "MAX_SHARED_BY_RING = 0.2", "MAX_SHARED_BY_RING = 0.6"],
      ["a ring that agrees with the others by chance is none", "BY_CHANCE = 1.64", "BY_CHANCE = 0"],
      ["members who seem to copy less are none", "SURELY_LESS = 1.28", "SURELY_LESS = 0"],
      ["a ring of a key of chance knows better", "MIN_SHARED = 0.6", "MIN_SHARED = -1"],
      ["the honest may be the ring", "own <= 0 || agreement(inside, K) <= amongOthers", "own <= 0"],
      ["nobody knows better", "knowBetter: true", "knowBetter: false"],
      ["a rater's own vote is in the key", "(y === own ? 1 : 0)", "0"],
      ["of two even labels the first is the key", "return even ? -1 : key", "return key"],
    ],
  },
  {
    file: "src/votes/aggregate/collusion.ts",
    tests: at("votes/aggregate", ["collusion", "ring"]),
    mutations: [
      ["truths by majority only", "EM_STEPS = [0, 2]", "EM_STEPS = [0]"],
      ["no suspects are held against the others' truths", "LEAST_TOLD = 0.27", "LEAST_TOLD = 0.9"],
      ["all suspects are", "LEAST_TOLD = 0.27", "LEAST_TOLD = 0"],
      ["truths by EM only", "EM_STEPS = [0, 2]", "EM_STEPS = [2]"],
      ["one round", "ROUNDS = 10", "ROUNDS = 1"],
      ["two of one pair are enough", "components(inTriangles(graph(pairs, edges)), SMALLEST_GROUP)", "components(graph(pairs, edges), SMALLEST_GROUP)"],
      ["found ones keep their say", "flagged.has(rater) ? 0 : 1", "1"],
      ["ten items in common are needed", "leastCommon = 3", "leastCommon = 10"],
      ["most pairs are suspects", "SUSPECT_RATE = 0.2", "SUSPECT_RATE = 0.9"],
    ],
  },
  {
    file: "src/votes/aggregate/independent-raters.ts",
    tests: LABELS,
    mutations: [
      ["agreements are compared with nothing", "(agreed - expected) / Math.sqrt", "agreed / Math.sqrt"],
      ["a vote is in its own truth", "if (model.weight[v] !== 0)", "if (false)"],
      ["known labels are weak", "CERTAIN = 1000", "CERTAIN = 0.1"],
    ],
  },
  {
    file: "src/votes/aggregate/dawid-skene.ts",
    tests: LABELS,
    mutations: [
      ["truths are held for equally common", "logs[at] = Math.log(Math.max(LEAST, prior[at % K]))", "logs[at] = 0"],
      ["confusions are transposed", "logConfusion[from + c * K];\n  }\n  softmax", "logConfusion[votes.rater[v] * K * K + votes.label[v] * K + c];\n  }\n  softmax"],
      ["weights do not reach the truths", "const share = weight === undefined ? 1 : weight[v];\n    if (share === 0)", "const share = 1;\n    if (share === 0)"],
      ["wrong answers of a coin are not shared", "(1 - accuracy) / Math.max(1, K - 1)", "1 - accuracy"],
      ["raters lean on nobody", "strength * pool[at % (K * K)]", "0 * pool[at % (K * K)]"],
    ],
  },
  {
    file: "src/votes/aggregate/rater-flags.ts",
    tests: LABELS,
    mutations: [
      ["who is perhaps contrary is flagged", "if (skill.high < chance)", "if (skill.low < chance)"],
      ["who is perhaps right is guessing", "low <= chance && high < most", "low <= chance"],
      ["half way is the median", "(chance + middle) / 2", "middle"],
    ],
  },
  {
    file: "src/votes/aggregate/belief-propagation.ts",
    tests: ["src/votes/aggregate/belief-propagation.test.ts", "src/votes/aggregate/robust.test.ts"],
    mutations: [
      ["known answers do not speak first", "knownChance(options.known?.[i] ?? -1, label[v]) ?? otherwise(v)", "otherwise(v)"],
      ["a wrong label is as likely as a right one", "Math.log((right[v] * (K - 1)) / (1 - right[v]))", "0"],
      ["the mirror image is never tried", "K !== 2 || !mostAreContrary", "true || !mostAreContrary"],
      ["the mirror image is always taken", "mirrored.logEvidence > found.logEvidence ? mirrored : found", "mirrored"],
      ["many who vote little are believed", "theirs >= CONTRARY_VOTES * all", "true"],
      ["one who votes much is believed", "CONTRARY_VOTES = 0.4", "CONTRARY_VOTES = 0.6"],
    ],
  },
  {
    file: "src/votes/aggregate/rings-of-two.ts",
    tests: ["src/votes/aggregate/rings-of-two.test.ts"],
    mutations: [
      ["two of a few items", "LEAST_COMMON_OF_TWO = 20", "LEAST_COMMON_OF_TWO = 5"],
      ["two who know better are a ring", " || !(sharedWithOthers(votes, two).part < MIN_SHARED)", ""],
      ["two who copy half are a ring", "copied([held]) < MIN_COPIED || ", ""],
      ["two of a ring that was found are another", "new Set(flagged)", "new Set()"],
      ["a rater is in several", "for (const rater of two) taken.add(rater);", ""],
    ],
  },
  {
    file: "src/votes/aggregate/robust.ts",
    tests: ["src/votes/aggregate/robust.test.ts", "src/votes/aggregate/labels.test.ts"],
    mutations: [["rings count", "weightsWithout(groups, votes, maxShare, strength)", "weightsWithout([], votes, maxShare, strength)"]],
  },
  {
    file: "src/votes/aggregate/robust.ts",
    tests: ["src/votes/aggregate/rater-models.test.ts"],
    mutations: [
      ["labels are as common as votes show", "if (called?.shares) estimate.posterior", "if (false) estimate.posterior"],
      ["labels are not as common as few votes show", "const MIN_SHARES = 40", "const MIN_SHARES = -1e9"],
      ["rates can be called for", "const MIN_RATES = 20", "const MIN_RATES = 2000"],
      ["the few do not outvote the many", "if (isLabelOfTheFew(votes, confusion, weight)) break;", ""],
    ],
  },
  {
    file: "src/votes/aggregate/robust.ts",
    tests: ["src/votes/aggregate/d-product.test.ts"],
    mutations: [
      ["experts confuse nothing", "const called = confusions ?", "const called = confusions && !experts ?"],
      ["experts' answers may all change", "const MIN_SAME = 0.9", "const MIN_SAME = 0"],
    ],
  },
  {
    file: "src/votes/aggregate/label-of-the-few.ts",
    tests: ["src/votes/aggregate/label-of-the-few.test.ts"],
    mutations: [
      ["few are two fifths", "const FEW = 0.4", "const FEW = 0.5"],
      ["the few are far apart", "const APART = 0.3", "const APART = 0"],
      ["who always says a label does not see it", "(few.right - few.wrong) / few.votes >= APART", "true"],
      ["raters count by weight", "cast[w] += weight[v]", "cast[w] += 1"],
      ["what they say of other labels is summed", "confusion[(w * K + t) * K + c]) / (K - 1);", "confusion[(w * K + t) * K + c]);"],
      ["who is right in half of the cases is among the many", "right >= 0.5 ? few", "right > 0.5 ? few"],
    ],
  },
  {
    file: "src/votes/aggregate/rates-by-label.ts",
    tests: at("votes/aggregate", ["rates-by-label"]),
    mutations: [
      ["equal shares weigh as three raters", "PRIOR_RATERS = 0.3", "PRIOR_RATERS = 3"],
      ["right answers are wrong ones too", "let missed = -correct", "let missed = 0"],
      ["the shares of rates are not learned", "shares[c] = next;", ""],
      ["a label is among its wrong answers", "wrong[c * K + c] = 0;", ""],
      ["wrong answers are even", "wrong[at % (K * K)] += counts[at]", "wrong[at % (K * K)] += 1"],
      ["known labels are in the labels' shares", "classShares(posterior, known, K);\n    confusion", "classShares(posterior, undefined, K);\n    confusion"],
      ["weights do not reach the rates", "confusionCounts(votes, posterior, weight)", "confusionCounts(votes, posterior)"],
    ],
  },
  {
    file: "src/votes/aggregate/held-out-votes.ts",
    tests: at("votes/aggregate", ["held-out-votes"]),
    mutations: [
      ["the rater who loses most is left out", "Math.max(most, own)", "Math.min(most, own)"],
      ["known labels are as common as the others", "fixKnown(weights, known, columns);", ""],
      ["known labels are in the labels' shares", "classShares(shared, known, columns)", "classShares(shared, undefined, columns)"],
    ],
  },
  {
    file: "src/votes/aggregate/separate-raters.ts",
    tests: ["src/votes/aggregate/separate-raters.test.ts"],
    mutations: [
      ["votes of no weight connect nobody", "if (weight[v] > 0) above[top", "above[top"],
      ["parts like others stay with them", "< expected + MIN_GAIN", "< expected - 1e9"],
      ["two raters are a part", "FEWEST_RATERS = 3", "FEWEST_RATERS = 2"],
      ["four raters are the fewest", "FEWEST_RATERS = 3", "FEWEST_RATERS = 4"],
      ["what is expected of a part is learned from it", "learn: false", "learn: true"],
      ["known labels are not compared", "const given = { weight: sample.weight, known: part.known };", "const given = { weight: sample.weight, known: undefined };"],
      ["known labels do not reach a part's estimate", "const all = { weight: part.weight, known: part.known };", "const all = { weight: part.weight, known: undefined };"],
      ["a part may be alike", "differ.logEvidence < alike.logEvidence + MIN_GAIN", "differ.logEvidence < alike.logEvidence - 1e9"],
    ],
  },
  {
    file: "src/base/person-name.ts",
    tests: ["src/base/person-name.test.ts", "test/e2e/vote-file.test.ts"],
    mutations: [
      ["names are composed", 'raw.normalize("NFC").trim()', "raw.trim()"],
      ["names have no space around", 'raw.normalize("NFC").trim()', 'raw.normalize("NFC")'],
    ],
  },
  {
    file: "src/base/read-time.ts",
    tests: ["src/base/read-time.test.ts"],
    mutations: [
      ["a spreadsheet's day is no time", "number >= SERIAL_DAYS[0]", "number >= Infinity"],
      ["numbers are times from 2000", "number < EARLIEST", "number < 0"],
      ["numbers are times to the end of next year", "Date.UTC(last + 1, 0, 1)", "Date.UTC(last + 9, 0, 1)"],
    ],
  },
  {
    file: "src/votes/aggregate/contradiction.ts",
    tests: ["src/votes/aggregate/robust.test.ts"],
    mutations: [["votes that differ are held", "differs[i] === 1 ||", ""]],
  },
  {
    file: "src/votes/aggregate/side-bias.ts",
    tests: PAIRS,
    mutations: [
      ["any excess is worth a flag", "MIN_EXCESS = 0.2", "MIN_EXCESS = 0"],
      ["no excess is worth a flag", "MIN_EXCESS = 0.2", "MIN_EXCESS = 0.6"],
      ["what was to be expected is half", "expected[rater[v]] += left", "expected[rater[v]] += 0.5"],
      ["left is the second side", "truths[i * 2 + flipped[v]]", "truths[i * 2 + 1 - flipped[v]]"],
      ["right is never favoured", '[-1, "right"],', ""],
    ],
  },
  {
    file: "src/votes/aggregate/false-discovery.ts",
    tests: LABELS,
    mutations: [
      ["each test is judged alone", "(rate * (rank + 1)) / order.length", "rate"],
      ["Bonferroni", "(rate * (rank + 1)) / order.length", "rate / order.length"],
      ["a narrow null is believed", "Math.max(1, NORMAL_MAD", "Math.max(0.1, NORMAL_MAD"],
      ["a wide null is not", "Math.max(1, NORMAL_MAD * upperMedian(below))", "1"],
      ["the null is centred at 0", "Math.max(0, upperMedian(honest))", "0"],
    ],
  },
  {
    file: "src/votes/aggregate/rater-skill.ts",
    tests: LABELS,
    mutations: [
      ["a vote is evidence of its own truth", "add(truths, v * K, v, -(weight?.[v] ?? 1));", ""],
      ["intervals are half as wide", "** 2 / 2;", "** 2 / 8;"],
      ["balanced intervals of 80%", "truths: Float64Array, confidence = 0.99", "truths: Float64Array, confidence = 0.8"],
    ],
  },
  {
    file: "src/votes/aggregate/weight-cap.ts",
    tests: LABELS,
    mutations: [
      ["the cap is a share of the rest", "(share * rest) / (1 - k * share)", "share * rest"],
      ["small pools are capped", "if (sorted.length * share < 1) return Number.POSITIVE_INFINITY;", ""],
    ],
  },
  {
    file: "src/votes/aggregate/known-labels.ts",
    tests: LABELS,
    mutations: [
      ["gold items count among the open ones", "known[i] < 0);", "true);"],
      ["gold weighs nothing beside the pool", "POOL_STRENGTH = 4", "POOL_STRENGTH = 4000"],
    ],
  },
  {
    file: "src/votes/aggregate/bradley-terry.ts",
    tests: PAIRS,
    mutations: [
      ["losses are not counted", "wins[b] += count - won", "wins[b] += 0"],
      ["the prior is strong", "shape: 1.1, rate: 0.1", "shape: 3, rate: 2"],
      ["the prior is not in the intervals", "prior.rate * value", "0 * value"],
    ],
  },
  {
    file: "src/votes/aggregate/score-estimate.ts",
    tests: PAIRS,
    mutations: [
      ["the loser of a turned vote wins", "a === left[v] ? outcome[v] : 1 - outcome[v]", "outcome[v]"],
      ["intervals of 90%", "confidence = 0.95", "confidence = 0.9"],
      ["scores are not centred", "score[i] -= mean", "score[i] -= 0 * mean"],
    ],
  },
  {
    file: "src/votes/aggregate/crowd-bt.ts",
    tests: PAIRS,
    mutations: [
      ["most raters are held for liars", "{ a: 4, b: 2 }", "{ a: 2, b: 4 }"],
      ["nobody is trusted", "trusted.has(w) ? 1 : sum / count[w]", "sum / count[w]"],
    ],
  },
  {
    file: "src/votes/aggregate/plackett-luce.ts",
    tests: PAIRS,
    mutations: [
      ["the worst is chosen first", "ranks[k] >= rank", "ranks[k] <= rank"],
      ["the last rank is a choice", ".slice(0, -1)", ""],
    ],
  },
  {
    file: "src/votes/aggregate/robust-pairs.ts",
    tests: PAIRS,
    mutations: [
      ["raters lean on nobody", "POOL_STRENGTH = 4", "POOL_STRENGTH = 0.01"],
      ["raters are all the pool", "POOL_STRENGTH = 4", "POOL_STRENGTH = 4000"],
      ["a tie is a vote for left", "else log += o * Math.log(Math.max(LEAST, saysLeft)) + (1 - o) * Math.log(Math.max(LEAST, 1 - saysLeft))", "else log += Math.log(Math.max(LEAST, saysLeft))"],
      ["the mode's other half is better", "if (d[k - 1] >= 0) above += area", "if (d[k - 1] < 0) above += area"],
      ["flipped votes count as they were cast", "const left = flipped[v] === 1 ? 1 - s : s;", "const left = s;"],
      ["raters' rates take flipped votes as cast", "flipped[v] === 1 ? 1 - judgedLeft[k] : judgedLeft[k]", "judgedLeft[k]"],
      ["weights are ignored", "const share = weight[v];", "const share = 1;"],
      ["the trusted one learns", "if (w === trusted) continue;", ""],
      ["pairs' own differences do not vary", "variance.delta = posteriorVariance(deltas, P);", "variance.delta = 0.01;"],
    ],
  },
  {
    file: "src/votes/aggregate/mace.ts",
    tests: LABELS,
    mutations: [
      ["the first start is the best", "if (fit.bound > best.bound) best = fit", ""],
      ["the bound has no divergence", "expected.logLikelihood - divergence", "expected.logLikelihood"],
      ["knowing is counted as guessing", "knowing[rater[v] * 2 + 1] += 1 - guessed", "knowing[rater[v] * 2 + 1] += guessed"],
    ],
  },
  {
    file: "src/votes/agreement/krippendorff.ts",
    tests: AGREEMENT,
    mutations: [
      ["alpha of a sample with n", "/ (sums[1] * (sums[1] - 1))", "/ sums[1] ** 2"],
      ["ranks are not mid-ranks", "below + n / 2", "below"],
      ["interval distances are halved", "(2 * (votes * squares - sum ** 2))", "(votes * squares - sum ** 2)"],
    ],
  },
  {
    file: "src/votes/agreement/kappa.ts",
    tests: AGREEMENT,
    mutations: [
      ["Fleiss' agreement counts a vote with itself", "(squares - votes) / (votes * (votes - 1))", "squares / votes ** 2"],
      ["Cohen's chance is of one rater", "sums[2 + c] * sums[2 + values + c]", "sums[2 + c] * sums[2 + c]"],
    ],
  },
  {
    file: "src/votes/agreement/units.ts",
    tests: AGREEMENT,
    mutations: [["units of one vote count", "list.length < 2", "list.length < 1"]],
  },
  {
    file: "src/votes/agreement/resampled.ts",
    tests: AGREEMENT,
    mutations: [
      ["a resample without variation is no agreement", "Number.isFinite(value) ? value : 1", "Number.isFinite(value) ? value : 0"],
      ["units of one ranking are resampled apart", "clustersOf(units, Array.from(cluster)).map(sumOf)", "units"],
      ["raters who never differed never will", "rows.length < ENOUGH_CLUSTERS || disagreeing < ENOUGH_DISAGREE", "false"],
      ["blocks are of neighbours", 'new RandomStream(seed, "agreement/blocks").shuffled([...rows.keys()])', "[...rows.keys()]"],
    ],
  },
  {
    file: "src/votes/agreement/report.ts",
    tests: AGREEMENT,
    mutations: [
      ["windows are in the order of votes", ".sort((a, b) => time[a] - time[b])", ""],
      ["small groups first", "b.length - a.length", "a.length - b.length"],
      ["Cohen's kappa of any two of many", "raters.size !== 2", "raters.size < 2"],
    ],
  },
  {
    file: "src/feedback/store/audit/audit-entry.ts",
    tests: AUDIT,
    mutations: [
      ["hashes do not chain", "details_json, previous }));", "details_json }));"],
      ["hashes leave out who", "seq, at, actor, action, subject, details_json, previous }));", "seq, at, action, subject, details_json, previous }));"],
      ["hashes leave out when", "seq, at, actor, action, subject, details_json, previous }));", "seq, actor, action, subject, details_json, previous }));"],
    ],
  },
  {
    file: "src/base/sha256.ts",
    tests: AUDIT,
    mutations: [["hashes are of SHA-1", 'createHash("sha256")', 'createHash("sha1")']],
  },
  {
    file: "src/feedback/store/audit/writer.ts",
    tests: AUDIT,
    mutations: [
      ["entries of one commit do not chain", "previous = hash;\n", ""],
      ["entries of a failed write stay", "entries.length = before;", ""],
      ["the clock is asked once a commit", "at: now, actor", "at: 0, actor"],
    ],
  },
  {
    file: "src/feedback/store/verification/verify-audit.ts",
    tests: AUDIT,
    mutations: [
      ["the chain is not checked", "if (previous !== head.hash)", "if (false)"],
      ["hashes are not checked", "if (auditHash(entry) !== hash)", "if (false)"],
      ["gaps are not checked", "if (seq !== head.seq + 1)", "if (false)"],
            ["checkpoints are not compared with the log", "if (signed.has(seq) && signed.get(seq) !== hash)\n      note(seq, \"checkpoint\", \"names", "if (false)\n      note(seq, \"checkpoint\", \"names"],
      ["a cut log is whole", "if (seq > head.seq) note", "if (false) note"],
      ["a key that the log does not know may sign", "Number.POSITIVE_INFINITY) > first)", "0) > first)"],
      ["a log of this version need not be signed", "if (!justBegun && (any || log.rows.begun !== undefined))", "if (!justBegun && any)"],
      ["checkpoints may go back to having no link", "seq >= log.rows.begun)", "false)"],
      ["rows that were purged are missed", "if (!purged.has(", "if (!new Set().has("],
      ["counts are believed", "await verifyCounts(db, log.purged, reported);", "{}"],
    ],
  },
  {
    file: "src/feedback/store/verification/verify-checkpoints.ts",
    tests: AUDIT,
    mutations: [
      ["signatures are not checked", "else if (!signatureHolds(checkpointText(checkpoint), signature, key))", "else if (false)"],
      ["checkpoints are not compared with each other", "else if (signed.has(seq) && signed.get(seq) !== hash)", "else if (false)"],
      ["kept checkpoints are not read", "[...stored, ...(kept ?? [])]) {", "[...stored]) {"],
      ["a link may point to nothing", "if (previous_seq !== 0 && !known.has(previous_seq as number))", "if (false)"],
      ["the database may lose what the file has", "if (!inDatabase.has(seq))", "if (false)"],
      ["the file may lose what the database has", "if (seq < last)", "if (false)"],
      ["the file may be lost", "if (inFile.size === 0 && lacking.length > 1)", "if (false)"],
      ["a public key may be any", "if (keyId(row.public_key) === row.key_id)", "if (true)"],
    ],
  },
  {
    file: "src/feedback/store/verification/verify-rows.ts",
    tests: [...at("feedback/store/verification", ["verify-rows"]), ...AUDIT],
    mutations: [
      ["a change between two entries is not seen", "if ((known.get(key)?.hash ?? null) !== was)", "if (false)"],
      ["rows that were added are not seen", "if (known === undefined) reported", "if (false) reported"],
      ["rows that were deleted may come back", "else if (known.hash === null)", "else if (false)"],
      ["rows that were altered are not seen", "else if (known.hash !== rowHash(part, row))", "else if (false)"],
      ["rows that are gone are not missed", "if (hash !== null) reported", "if (false) reported"],
    ],
  },
  {
    file: "src/feedback/store/audit/coverage.ts",
    tests: at("feedback/store/audit", ["coverage"]),
    mutations: [
      ["a row's hash is that of any table", "canonicalJson([name, Object.fromEntries(values)])", "canonicalJson([Object.fromEntries(values)])"],
      ["columns without a value change hashes", "row[column] === null || row[column] === undefined ? []", "row[column] === undefined ? []"],
    ],
  },
  {
    file: "src/feedback/store/audit/row-changes.ts",
    tests: AUDIT,
    mutations: [
      ["what was noted outside of the writer is told", "sql`delete from plumb_noted`", "sql`select 1`"],
      ["a row that changed twice is told as it was in between", "known.is = was === 1 ? null : hash", "void hash"],
    ],
  },
  {
    file: "src/feedback/store/audit/audit-key.ts",
    tests: AUDIT,
    mutations: [
      ["the group may read the key", "0o077", "0o007"],
      ["any key is taken", 'key.asymmetricKeyType === "ed25519"', "true"],
      ["a malformed signature holds", "catch {\n    return false;", "catch {\n    return true;"],
    ],
  },
  {
    file: "src/feedback/store/audit/checkpoints.ts",
    tests: AUDIT,
    mutations: [
      ["the hash is not signed", "canonicalJson({ seq, hash, at, key_id,", "canonicalJson({ seq, at, key_id,"],
      ["the number is not signed", "canonicalJson({ seq, hash, at, key_id,", "canonicalJson({ hash, at, key_id,"],
      ["the time is not signed", "canonicalJson({ seq, hash, at, key_id,", "canonicalJson({ seq, hash, key_id,"],
      ["the link to the one before is not signed", ", ...(previous_seq !== null && { previous_seq }) });", " });"],
    ],
  },
  {
    file: "src/feedback/store/verification/verify-states.ts",
    tests: AUDIT,
    mutations: [
      ["who is paused and joins again works", 'const stopped = before === "paused" || before === "excluded"', "const stopped = false"],
      ["a review may get a note", 'state: "held", note: null }', 'state: "held" }'],
      ["a forgotten rater may come back", '"rater", subject, { state: "forgotten" }', '"rater", subject, {}'],
      ["a lease may say that it was a vote's", '(row.state === "voted" || row.state === "skipped")', "false"],
      ["what is gone is not missed", "for (const [key, { seq }] of told)\n      if", "for (const [key, { seq }] of [])\n      if"],
    ],
  },
  {
    file: "src/votes/tasks/verdict.ts",
    tests: at("votes/tasks", ["verdict"]),
    mutations: [
      ["negation says nothing", 'const DROPPED = new Set(["the",', 'const DROPPED = new Set(["not", "the",'],
      ["a response may be better than itself", "(sides.length === 2 && sides[0] === sides[1])", "false"],
      ["whole stories are sentences", "if (words.length > MAX_WORDS) return undefined;", ""],
      ["numbers and sides may have signs", "SIGNED.test(text) || ", ""],
      ["a side may be a tie", " || SIDE_AND_TIE.test(text)", ""],
      ["a name of both is the left one's", "if (left && right) return undefined;", "if (left && right) return 0;"],
      ["bare numbers count from 1", "if (STYLES[style] !== LETTERS && !counted) return undefined;", ""],
      ["signs that nobody knows are left out", "if (other !== undefined) return undefined;", "if (other !== undefined) continue;"],
      ["a name that means something else wins", "return plain === undefined || plain.verdict === verdict ? { verdict } : undefined;", "return { verdict };"],
      ["places mean what a response is called", "return own === undefined || own === usual ? usual : undefined;", "return own ?? usual;"],
    ],
  },
  {
    file: "src/votes/judgement/preferences.ts",
    tests: at("votes/judgement", ["judgement"]),
    mutations: [
      ["results against all votes make rows", "review !== undefined || Math.abs", "Math.abs"],
      ["nobody is told of them", "review === undefined ? [] : [{ item, reason: review }]", "[]"],
    ],
  },
  {
    file: "src/votes/judgement/training-rows.ts",
    tests: at("votes/judgement", ["judgement"]),
    mutations: [
      ["safety labels against all votes make rows", "if (reason !== undefined || probability", "if (probability"],
      ["nobody is told of them", "if (reason !== undefined) review.push({ item, reason });", ""],
    ],
  },
  {
    file: "src/feedback/store/accounts/invitation-makers.ts",
    tests: at("server", ["rights", "invitations"]),
    mutations: [
      ["who is shut out may invite", '.where("state", "=", "active")', ""],
      ["any lead may invite to any project", "works.has(`${project_id} ${account}`)", "true"],
      ["a key that ran out may invite", 'eb("expires_at", ">", now)', 'eb("expires_at", ">", 0)'],
      ["invitations outlive the key that made them", "row?.expires_at ?? Infinity", "Infinity"],
    ],
  },
  {
    file: "src/feedback/store/accounts/present-role.ts",
    tests: at("feedback/store/accounts", ["present-role"]),
    mutations: [
      ["a session that ended in the middle may write", '.where("sessions.expires_at", ">", now)', ""],
      ["who was shut out in the middle may write", '.where("sessions.expires_at", ">", now)\n        .where("accounts.state", "=", "active")', '.where("sessions.expires_at", ">", now)'],
      ["a key that ran out in the middle may write", 'eb("api_keys.expires_at", ">", now)', 'eb("api_keys.expires_at", ">", 0)'],
    ],
  },
  {
    file: "src/feedback/store/raters/member-state.ts",
    tests: ["src/feedback/store/raters/member-state.test.ts", ...at("server", ["rights"])],
    mutations: [
      ["who is paused keeps items", 'if (state !== "active") await releaseOfRater(write, rater, id);', ""],
      ["results stay as they were before an exclusion", '(before.state === "excluded") === (state === "excluded") ? []', "true ? []"],
    ],
  },
  {
    file: "src/feedback/store/verification/verify-schema.ts",
    tests: at("feedback/store/verification", ["verify-schema"]),
    mutations: [
      ["tables may lack what they had", "if (!present.includes(part))", "if (false)"],
      ["tables may have more than they had", "if (!parts.includes(part))", "if (false)"],
      ["a view is a table", "if (present === undefined) {", "if (false) {"],
      ["triggers may be anybody's", "if (made.triggers.get(name)?.text !== text)", "if (false)"],
      ["tables may check, collate and replace", "if (beyond !== null)", "if (false)"],
    ],
  },
  {
    file: "src/feedback/store/verification/table-shapes.ts",
    tests: at("feedback/store/verification", ["verify-schema"]),
    mutations: [
      ["defaults are not looked at", "preset === null ? []", "true ? []"],
      ["what goes with another row is not looked at", 'deletes === "no action" ? []', "true ? []"],
    ],
  },
  {
    file: "src/votes/judgement/adjudication.ts",
    tests: at("votes/judgement", ["adjudication"]),
    mutations: [
      ["gold items have verdicts", " && item.gold === undefined)", ")"],
      ["a lead's tie prefers the right", "outcome < 0.5 ? 0 : 0.5", "0"],
      ["what only a lead decided is no result", "return [...replaced, ...left.values()];", "return replaced;"],
      ["a verdict is noisy", "noise: 0,\n        adjudicated", "noise: 0.4,\n        adjudicated"],
    ],
  },
  {
    file: "src/feedback/store/items/stopping.ts",
    tests: at("feedback/store/items", ["change-item"]),
    mutations: [["what a lead asked for stops early", "own.length >= (asked ?? 0) && ", ""]],
  },
  {
    file: "src/feedback/store/items/change-item.ts",
    tests: at("feedback/store/items", ["change-item"]),
    mutations: [
      ["a restored item forgets a lead's verdict", '=== undefined ? "open" : "decided"', '=== undefined ? "open" : "open"'],
      ["training items can be gold no longer", "if (item.explanation !== null)", "if (false)"],
    ],
  },
  {
    file: "src/feedback/store/votes/reviews.ts",
    tests: at("feedback/store/votes", ["decide-reviews"]),
    mutations: [
      ["a decision that was taken back keeps its note", 'const note = state === "held" ? null : words;', "const note = words;"],
      ["reviews of other projects are decided", '          .where("project_id", "=", project)\n          .where(among', "          .where(among"],
    ],
  },
  {
    file: "src/feedback/store/raters/messages.ts",
    tests: at("feedback/store/raters", ["messages"]),
    mutations: [
      ["raters are told items' own ids", "const showing = item === undefined ? undefined : shown.get(item);", "const showing = item;"],
      ["a rater writes about what another was shown", "lease?.project_id !== project)", "lease?.project_id === undefined && false)"],
    ],
  },
];

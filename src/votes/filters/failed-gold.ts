/**
 * Finds raters who fail gold items. The evidence that a rater's accuracy is below a0, the least accuracy of honest
 * raters, is a likelihood ratio mixed over all lower accuracies (Robbins 1970, "Statistical methods related to the law
 * of the iterated logarithm"). After n gold items with k right answers it is
 *
 *     E = 1/a0 int_0^a0 a^k (1-a)^(n-k) da / [a0^k (1-a0)^(n-k)]
 *
 * E is a supermartingale for any rater with an accuracy of at least a0, and so is any mean of such E. Half of the
 * weight is on E over all gold items, half on the mean of E over the classes of answers, because a rater who always
 * gives the commonest answer is right on most gold items. By Ville's inequality the probability that this ever reaches
 * 1/alpha is at most alpha, however often the test is run, so at most a share alpha of honest raters is ever flagged.
 */
import { logGamma, regularizedBeta } from "../../statistics/special-functions.js";
import type { Answer, TaskItem, TaskKind } from "../tasks/index.js";
import { type Finding, raterFinding } from "./finding.js";
import { answerDifference } from "./self-contradiction.js";
import { byRater, type JudgedItem, mainVerdict, shownVerdict } from "./votes.js";

/** The largest difference from a known answer, in [0, 1], at which an answer of each kind still counts as right. */
const TOLERATED: Readonly<Record<TaskKind, number>> = {
  pairwise: 0,
  ranking: 0.25,
  likert: 0.25,
  safety: 0,
  demonstration: 0,
  rewrite: 0,
};

/** Whether an answer agrees with the known one; undefined where the two cannot be compared, such as texts. */
export function agreesWithGold(gold: Answer, answer: Answer, scale: number): boolean | undefined {
  const difference = answerDifference(gold, answer, scale);
  return difference === undefined ? undefined : difference <= TOLERATED[gold.kind];
}

/** @param flaggedShare alpha. @param honestAccuracy a0, in (0, 1). */
export function failedGold(
  judged: readonly JudgedItem[],
  { flaggedShare, honestAccuracy }: { flaggedShare: number; honestAccuracy: number },
): Finding[] {
  return byRater(judged).flatMap(([rater, own]) => {
    const gold = own.filter(({ item, vote }) => item.gold !== undefined && !vote.repeat);
    const most = strongestEvidence(gold, honestAccuracy);
    if (most < 1 / flaggedShare) return [];
    const right = gold.filter(isRight).length;
    const evidence = `${rater} was right on ${right} of ${gold.length} gold items; the evidence against an accuracy of ${honestAccuracy} is ${most.toPrecision(2)} to 1`;
    const figures = { right, gold: gold.length, evidence: most };
    return [
      raterFinding(
        "failed-gold",
        "hold",
        rater,
        own.map(({ vote }) => vote),
        evidence,
        figures,
      ),
    ];
  });
}

interface Tally {
  n: number;
  right: number;
  evidence: number;
}

/** The largest value that the mean evidence has reached over the gold items in order. */
function strongestEvidence(gold: readonly JudgedItem[], honestAccuracy: number): number {
  const all: Tally = { n: 0, right: 0, evidence: 1 };
  const classes = new Map(gold.map((one): [string, Tally] => [goldClass(one), { ...all }]));
  let most = 0;
  for (const one of gold) {
    for (const tally of [all, classes.get(goldClass(one)) as Tally]) {
      tally.n++;
      tally.right += isRight(one) ? 1 : 0;
      tally.evidence = goldEvidence(tally.right, tally.n, honestAccuracy);
    }
    const apart = [...classes.values()].reduce((sum, { evidence }) => sum + evidence, 0) / classes.size;
    most = Math.max(most, (all.evidence + apart) / 2);
  }
  return most;
}

/** E of the formula above: 1/a0 B(k+1, n-k+1) I_a0(k+1, n-k+1) / [a0^k (1-a0)^(n-k)]. */
export function goldEvidence(right: number, n: number, honestAccuracy: number): number {
  const [a, b] = [right + 1, n - right + 1];
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  const logHonest = right * Math.log(honestAccuracy) + (n - right) * Math.log1p(-honestAccuracy);
  return (Math.exp(logBeta - logHonest) * regularizedBeta(honestAccuracy, a, b)) / honestAccuracy;
}

/** Whether a vote matches a gold item's answer: the same side or label, or ratings and ranks near it. */
export function isRight({ vote, item }: JudgedItem): boolean {
  const { gold, task } = item;
  return gold !== undefined && agreesWithGold(gold, vote.answer, task.scale) === true;
}

/**
 * The class of a gold answer that a rater who answers without looking cannot match in every case: the side on the
 * screen, or the label; a single class for other kinds.
 */
function goldClass({ vote, item }: JudgedItem): string {
  const gold = item.gold as NonNullable<TaskItem["gold"]>;
  if (gold.kind === "pairwise")
    return shownVerdict(mainVerdict({ ...vote, answer: gold }) ?? "tie", vote.order);
  return gold.kind === "safety" ? String(gold.safe) : gold.kind;
}

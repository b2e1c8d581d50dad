/** What the methods that learn from judged answers share: answers as tokens, cut to a length, and their micro-batches. */
import type { Batch, Sequence } from "../model/batch.js";
import { layOut, type Packing } from "../model/lay-out.js";
import { commonBeginning } from "../model/row-layout.js";

/** Two answers to one prompt, each with the prompt before it; the masks mark the answers' tokens. */
export interface AnswerPair {
  chosen: Sequence;
  rejected: Sequence;
  /** Probability in [0, 0.5) that the label is wrong. */
  noise?: number;
  /** Weight of the pair's loss, at least 0; default 1. */
  weight?: number;
}

/** One answer with its prompt before it, judged by itself. */
export interface LabelledAnswer {
  prompt: readonly number[];
  completion: readonly number[];
  /** Whether it is desirable. */
  label: boolean;
  /** Weight of the answer's loss, at least 0; default 1. */
  weight?: number;
}

/** Natural log-probabilities of the tokens of both answers that a loss reads. */
export interface PairLogProbs {
  chosen: Float32Array;
  rejected: Float32Array;
}

/** Tokens of a sequence that a loss reads: those marked, but for the first of all, which nothing predicts. */
export const tokensReadOf = ({ lossMask }: Sequence): number =>
  lossMask.reduce((n, counts, t) => n + (counts && t > 0 ? 1 : 0), 0);

/**
 * A pair cut to `maxLength` tokens a side: the common prompt loses tokens at its start, the same ones on both sides, and
 * keeps at least one; if that is not enough, the answers lose tokens at their ends.
 */
export function cutPair<P extends AnswerPair>(pair: P, maxLength: number): P {
  const { chosen, rejected } = pair;
  const excess = Math.max(chosen.ids.length, rejected.ids.length) - maxLength;
  if (excess <= 0) return pair;
  const answer = Math.min(...[chosen, rejected].map(({ lossMask }) => firstRead(lossMask)));
  const prompt = Math.min(commonBeginning(chosen.ids, rejected.ids), answer);
  const start = Math.max(0, Math.min(excess, prompt - 1));
  const cut = ({ ids, lossMask }: Sequence): Sequence => ({
    ids: ids.slice(start, start + maxLength),
    lossMask: lossMask.slice(start, start + maxLength),
  });
  return { ...pair, chosen: cut(chosen), rejected: cut(rejected) };
}

function firstRead(lossMask: readonly boolean[]): number {
  const first = lossMask.indexOf(true);
  return first < 0 ? lossMask.length : first;
}

/** How the sequences of a micro-batch are laid out. */
export interface AnswerLayout {
  padId: number;
  packing: Packing;
  /** Tokens over which the network looks back; undefined if it sees all. */
  window: number | undefined;
}

/**
 * A micro-batch of `count` places for pairs: the chosen answers, then the rejected ones, each filled up with empty
 * sequences. The two sides of a pair share their prompt where rows are packed.
 */
export function pairBatch(pairs: readonly AnswerPair[], count: number, layout: AnswerLayout): Batch {
  const blank = Array.from({ length: count - pairs.length }, (): Sequence => ({ ids: [], lossMask: [] }));
  const sides = (["chosen", "rejected"] as const).flatMap((side) => [
    ...pairs.map((pair) => pair[side]),
    ...blank,
  ]);
  return layOut(sides, { ...layout, rows: 2 * count, groups: pairs.map((_, i) => [i, count + i]) });
}

/**
 * A number of each answer on one side, in the order of the batch's pairs.
 *
 * @param pairs number of the batch's pairs. @param parts of each micro-batch as `pairBatch` lays it out, [2 P]; only the
 * last one has empty places.
 */
export function ofSide(
  pairs: number,
  parts: readonly ArrayLike<number | bigint>[],
  side: "chosen" | "rejected",
): number[] {
  return parts
    .flatMap((both) => {
      const start = side === "chosen" ? 0 : both.length / 2;
      return Array.from({ length: both.length / 2 }, (_, i) => Number(both[start + i]));
    })
    .slice(0, pairs);
}

/** Log-probabilities by pair, from those of the pairs' sides in turn: chosen, rejected, chosen, ... */
export const pairsOfSides = (sides: readonly Float32Array[]): PairLogProbs[] =>
  Array.from({ length: sides.length / 2 }, (_, i) => ({ chosen: sides[2 * i], rejected: sides[2 * i + 1] }));

/** Tokens of both sides. */
export const pairTokens = ({ chosen, rejected }: AnswerPair): number =>
  chosen.ids.length + rejected.ids.length;

/** Length of the longer side. */
export const longerSide = ({ chosen, rejected }: AnswerPair): number =>
  Math.max(chosen.ids.length, rejected.ids.length);

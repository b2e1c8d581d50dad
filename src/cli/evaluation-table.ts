import { formatNumber } from "../base/format.js";
import type { Evaluation } from "../evaluate/evaluation.js";
import type { Interval } from "../statistics/estimates.js";
import { isBounded } from "../statistics/format-interval.js";
import { type Cell, formatTable } from "./table.js";

/** A table of every figure with its 95% interval and count, and below it the cautions that intervals carry. */
export function reportTable({ policies = [], comparison, preferences, demonstrations }: Evaluation): string {
  const rows: Cell[][] = [];
  const cautions: string[] = [];
  const add = (figure: string, n: number, found: Interval | undefined) => {
    if (found === undefined) return;
    const ends = isBounded(found) ? `${formatNumber(found.low)} to ${formatNumber(found.high)}` : "none";
    const known =
      found.caution === undefined ? 0 : cautions.indexOf(found.caution) + 1 || cautions.push(found.caution);
    rows.push([figure, formatNumber(found.estimate), known > 0 ? `${ends} [${known}]` : ends, n]);
  };
  for (const { name, n, reward, kl, tokens, stopped, refusals, distinct3 } of policies) {
    add(`${name}: mean reward`, n, reward);
    add(`${name}: KL to ${kl?.to}, nats per response`, n, kl);
    add(`${name}: tokens`, n, tokens);
    add(`${name}: ended by itself`, n, stopped);
    add(`${name}: refusals`, n, refusals);
    rows.push([`${name}: distinct-3`, formatNumber(distinct3), "", n]);
  }
  if (comparison) {
    const { wins, ties, losses } = comparison.winRate;
    add(
      `win rate against ${comparison.against} (${wins}-${ties}-${losses})`,
      comparison.n,
      comparison.winRate,
    );
    add(`reward above ${comparison.against}'s`, comparison.n, comparison.difference);
  }
  add("reward model: accuracy", preferences?.n ?? 0, preferences?.accuracy);
  add("reward model: chosen above rejected", preferences?.n ?? 0, preferences?.margin);
  add(`perplexity (${demonstrations?.tokens} tokens)`, demonstrations?.n ?? 0, demonstrations);
  const notes = cautions.map((caution, i) => `[${i + 1}] ${caution}`);
  return [formatTable(["figure", "estimate", "95% interval", "n"], rows), ...notes].join("\n");
}

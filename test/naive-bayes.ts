/** A small classifier for tests that ask whether anything tells two kinds apart. */

/** What is seen of one thing, by name: numbers are put into bins, texts are taken as they are. */
export type Seen = Record<string, string | number>;

interface Example {
  seen: Seen;
  yes: boolean;
}

/** Bins of a number, with equally many examples each. */
const BINS = 8;

/** Naive Bayes with add-one smoothing: the log odds of "yes" are a sum of what each feature's value says. */
export class NaiveBayes {
  private readonly edges = new Map<string, number[]>();
  private readonly counts = new Map<string, { yes: number; no: number }>();
  private readonly totals = { yes: 0, no: 0 };

  constructor(examples: readonly Example[]) {
    for (const name of Object.keys(examples[0].seen)) {
      const numbers = examples.map(({ seen }) => seen[name]).filter((value) => typeof value === "number");
      numbers.sort((a, b) => a - b);
      const edges = Array.from(
        { length: BINS - 1 },
        (_, i) => numbers[Math.floor(((i + 1) / BINS) * numbers.length)],
      );
      this.edges.set(name, numbers.length === 0 ? [] : edges);
    }
    for (const { seen, yes } of examples) {
      const kind = yes ? "yes" : "no";
      this.totals[kind]++;
      for (const value of this.values(seen)) {
        const known = this.counts.get(value) ?? { yes: 0, no: 0 };
        known[kind]++;
        this.counts.set(value, known);
      }
    }
  }

  /** The larger, the likelier is "yes". */
  score(seen: Seen): number {
    let sum = 0;
    for (const value of this.values(seen)) {
      const { yes, no } = this.counts.get(value) ?? { yes: 0, no: 0 };
      sum += Math.log((yes + 1) / (this.totals.yes + BINS)) - Math.log((no + 1) / (this.totals.no + BINS));
    }
    return sum;
  }

  private values(seen: Seen): string[] {
    return Object.entries(seen).map(([name, value]) => {
      if (typeof value === "string") return `${name}=${value}`;
      const bin = (this.edges.get(name) ?? []).filter((edge) => edge <= value).length;
      return `${name}#${bin}`;
    });
  }
}

/** The chance that a "yes" has a larger score than a "no"; equal scores count half. */
export function areaUnderCurve(scored: readonly { score: number; yes: boolean }[]): number {
  let wins = 0;
  const [yes, no] = [scored.filter((one) => one.yes), scored.filter((one) => !one.yes)];
  for (const a of yes) for (const b of no) wins += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
  return wins / (yes.length * no.length);
}

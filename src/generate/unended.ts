/** Counts answers, and those that ended by themselves: a model that never ends one may not know its end token. */
export class EndCount {
  private answers = 0;
  private ended = 0;

  /** @param ended whether the answer ended before the limit of tokens. */
  add(ended: boolean): void {
    this.answers++;
    if (ended) this.ended++;
  }

  /** A warning that not one of the answers ended; undefined if one did, or there was none. */
  doubt(maxNewTokens: number): string | undefined {
    if (this.answers === 0 || this.ended > 0) return undefined;
    const those = this.answers === 1 ? "the answer did not end" : `none of the ${this.answers} answers ended`;
    return `${those} within ${maxNewTokens} tokens: raise --max-new-tokens, or see whether the model's end tokens are those of its chat template`;
  }
}

import { PlumbError } from "../base/errors.js";
import { RandomStream } from "../base/random.js";
import type { Tokenizer } from "../text/index.js";
import { filtersLogits, type SamplingConfig, sampleToken } from "./sampling.js";

/** What was sampled after a prompt: as many log-probabilities as token ids. */
export interface Completion {
  /** The tokens sampled, including the end-of-sequence token if there is one. */
  ids: number[];
  /** Natural logarithm of each token's probability at the sampling temperature. */
  logProbs: number[];
  finishReason: "stop" | "length";
  /** The text without special tokens, cut before a stop string. Absent without a tokenizer. */
  text?: string;
}

/** How a request's next token is chosen: inside the program, or on the host from logits. */
export type Choice = "greedy" | "sample" | "logits";

/** How one row of a running batch is sampled. */
export interface RequestOptions {
  /** Number of the row's random draws, which depend on it and on the seed. */
  row: number;
  signal?: AbortSignal | undefined;
  /** Called with each token as it is sampled. */
  onToken?: ((token: number, logProb: number) => void) | undefined;
}

/** A prompt and its completion so far. It knows nothing of batches and caches. */
export class Request {
  readonly choice: Choice;
  /** Factor of the logits inside the program. */
  readonly scale: number;
  /** Whether the request's row in the cache holds the beginning of its prompt, and nothing else. */
  begun = false;
  readonly completion: Completion = { ids: [], logProbs: [], finishReason: "length" };
  private readonly random: RandomStream;
  private readonly seen: Set<number> | undefined;
  private settle!: { resolve: (completion: Completion) => void; reject: (error: unknown) => void };
  readonly result: Promise<Completion>;

  constructor(
    readonly prompt: readonly number[],
    private readonly sampling: SamplingConfig,
    private readonly model: { eos: ReadonlySet<number>; tokenizer?: Tokenizer | undefined },
    private readonly options: RequestOptions,
  ) {
    this.choice = filtersLogits(sampling) ? "logits" : sampling.temperature === 0 ? "greedy" : "sample";
    this.scale = this.choice === "sample" ? 1 / sampling.temperature : 1;
    this.random = new RandomStream(sampling.seed, "generate/sample", options.row);
    if (sampling.repetitionPenalty !== 1) this.seen = new Set(prompt);
    this.result = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
  }

  /** Most positions of the cache that it can need: all tokens except the last one sampled. */
  get positions(): number {
    return this.prompt.length + this.sampling.maxNewTokens - 1;
  }

  /** Prompt tokens that go into the cache before the first step, whose input is the prompt's last token. */
  get prefill(): number {
    return this.prompt.length - 1;
  }

  get cancelled(): boolean {
    return this.options.signal?.aborted === true;
  }

  /** The token at a position of prompt and completion. */
  tokenAt(position: number): number {
    const { length } = this.prompt;
    return position < length ? this.prompt[position] : this.completion.ids[position - length];
  }

  /** The uniform random number for the next token. */
  draw(): number {
    return this.choice === "greedy" ? 0 : this.random.uniform();
  }

  /** Chooses the next token from its logits [V]. */
  choose(logits: Float32Array, uniform: number): { token: number; logProb: number } {
    return sampleToken(logits, this.sampling, this.seen ?? NOTHING, uniform);
  }

  /**
   * Appends a token. @returns whether the completion ends with it. @throws PlumbError if its log-probability is NaN.
   */
  take(token: number, logProb: number): boolean {
    if (Number.isNaN(logProb))
      throw new PlumbError("the model's logits are not finite", { hint: "check its weights" });
    const { completion, sampling } = this;
    completion.ids.push(token);
    completion.logProbs.push(logProb);
    this.seen?.add(token);
    this.options.onToken?.(token, logProb);
    if (!this.model.eos.has(token) && this.stopAt() < 0)
      return completion.ids.length >= sampling.maxNewTokens;
    completion.finishReason = "stop";
    return true;
  }

  /** Resolves `result` with the completion. */
  finish(): void {
    const { tokenizer } = this.model;
    try {
      if (tokenizer) {
        const text = tokenizer.decode(this.completion.ids, { skipSpecialTokens: true });
        const stop = this.stopAt();
        this.completion.text = stop >= 0 ? text.slice(0, stop) : text;
      }
      this.settle.resolve(this.completion);
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    this.settle.reject(error);
  }

  /** Index of the first stop string in the completion's text, or -1. */
  private stopAt(): number {
    const { tokenizer } = this.model;
    const { stop } = this.sampling;
    if (stop.length === 0 || !tokenizer) return -1;
    const text = tokenizer.decode(this.completion.ids, { skipSpecialTokens: true });
    const found = stop.map((one) => text.indexOf(one)).filter((at) => at >= 0);
    return found.length > 0 ? Math.min(...found) : -1;
  }
}

const NOTHING: ReadonlySet<number> = new Set();

import { PlumbError } from "../base/errors.js";
import type { Network } from "../model/network.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { type CacheSizeOptions, chooseCacheSize, MAX_ROWS } from "./cache-size.js";
import { DecodeEngine } from "./engine.js";
import { inOrder } from "./in-order.js";
import { type Completion, Request, type RequestOptions } from "./request.js";
import type { SamplingConfig } from "./sampling.js";

export interface GeneratorOptions extends CacheSizeOptions {
  /** Most tokens of prompts computed at once, default 512: bounds the memory, and how long rows that decode wait. */
  chunkTokens?: number | undefined;
}

export interface GenerateOptions extends CacheSizeOptions {
  signal?: AbortSignal | undefined;
  /** Names the draws of the first prompt; the others' follow. */
  firstRow?: number | undefined;
  /** Called after each step with the number of tokens sampled. */
  onStep?: ((tokens: number) => void) | undefined;
  /** Called with each prompt's index when its completion is there. */
  onCompletion?: ((index: number) => void) | undefined;
}

/** A stream reads as many prompts ahead as this many batches hold, so that a long completion holds no others up. */
const READ_AHEAD = 4;

/** Samples completions from a network with a KV cache that is updated in place. */
export class Generator {
  private readonly engine: DecodeEngine;
  private readonly listeners = new Set<() => void>();
  private readonly model: { eos: ReadonlySet<number>; tokenizer?: Tokenizer | undefined };

  constructor(
    runtime: Runtime,
    private readonly network: Network,
    padId: number,
    tokenizer?: Tokenizer,
    private readonly options: GeneratorOptions = {},
  ) {
    const { chunkTokens = 512 } = options;
    const onStep = (): void => {
      for (const listener of this.listeners) listener();
    };
    this.engine = new DecodeEngine(runtime, network, { padId, chunkTokens, onStep });
    this.model = { eos: new Set(network.config.eosIds), tokenizer };
  }

  /**
   * Samples one completion per prompt. A row's draws depend on the seed and its position in `prompts` only, not on
   * how rows are batched.
   *
   * @param prompts token ids, each at least one long.
   * @throws PlumbError before anything is computed: an empty prompt, one that exceeds the model's context, a cache for
   *   which there is no memory; later: logits that are not finite, an abort.
   */
  async generate(
    prompts: readonly (readonly number[])[],
    sampling: SamplingConfig,
    { signal, firstRow = 0, onStep, onCompletion, ...room }: GenerateOptions = {},
  ): Promise<Completion[]> {
    prompts.forEach((prompt, i) => {
      this.check(prompt, sampling, `prompt ${i + 1}`);
    });
    if (prompts.length === 0) return [];
    const batchSize = room.batchSize === undefined ? undefined : Math.min(room.batchSize, prompts.length);
    this.begin(
      prompts.reduce((n, prompt) => Math.max(n, prompt.length), 0) + sampling.maxNewTokens - 1,
      { ...this.options, ...room, batchSize },
      true,
    );

    const failure = new AbortController();
    const counter = this.countTokens(onStep);
    const options = {
      signal: signal ? AbortSignal.any([signal, failure.signal]) : failure.signal,
      onToken: counter.add,
    };
    let first: unknown;
    const results = prompts.map(async (prompt, i) => {
      const request = new Request(prompt, sampling, this.model, { ...options, row: firstRow + i });
      this.engine.submit(request);
      try {
        const completion = await request.result;
        onCompletion?.(i);
        return completion;
      } catch (error) {
        if (!failure.signal.aborted) first = error;
        failure.abort();
        return undefined;
      }
    });
    const completions = await Promise.all(results);
    counter.end();
    if (failure.signal.aborted) throw first;
    return completions as Completion[];
  }

  /**
   * As `generate`, for prompts that are read while others decode: completions come in the prompts' order, and few more
   * prompts are read than decode. Where reading fails, those read before are completed first.
   */
  async *stream(
    prompts: AsyncIterable<readonly number[]>,
    sampling: SamplingConfig,
    { signal, firstRow = 0, onStep, ...room }: Omit<GenerateOptions, "onCompletion"> = {},
  ): AsyncGenerator<Completion> {
    const stopped = new AbortController();
    const counter = this.countTokens(onStep);
    const options = {
      signal: signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal,
      onToken: counter.add,
    };
    const settings = { ...this.options, ...room };
    let row = firstRow;
    const submit = async (prompt: readonly number[]): Promise<Completion> => {
      this.check(prompt, sampling, `prompt ${row - firstRow + 1}`);
      this.begin(prompt.length + sampling.maxNewTokens - 1, settings, true);
      const request = new Request(prompt, sampling, this.model, { ...options, row: row++ });
      this.engine.submit(request);
      return request.result;
    };
    try {
      yield* inOrder(prompts, submit, READ_AHEAD * (settings.batchSize ?? MAX_ROWS));
    } finally {
      stopped.abort();
      counter.end();
    }
  }

  /**
   * Samples one completion, together with all others that are asked for meanwhile; `onToken` sees its tokens as they
   * come. @throws PlumbError as `generate`.
   */
  async submit(
    prompt: readonly number[],
    sampling: SamplingConfig,
    options: RequestOptions,
  ): Promise<Completion> {
    this.check(prompt, sampling, "the prompt");
    // Weights that are trained may have changed since what the cache holds was computed.
    const trained = this.network.trainable.byName.size > 0;
    this.begin(prompt.length + sampling.maxNewTokens - 1, this.options, trained);
    const request = new Request(prompt, sampling, this.model, options);
    this.engine.submit(request);
    return request.result;
  }

  /** Frees the KV cache; the next call makes a new one. */
  release(): void {
    this.engine.release();
  }

  /** Tells `onStep` after each step how many tokens were added since the last. */
  private countTokens(onStep?: (tokens: number) => void): { add: () => void; end: () => void } {
    let tokens = 0;
    const listener = (): void => {
      if (tokens > 0) onStep?.(tokens);
      tokens = 0;
    };
    this.listeners.add(listener);
    return { add: () => void tokens++, end: () => void this.listeners.delete(listener) };
  }

  private begin(positions: number, room: CacheSizeOptions, repeatable: boolean): void {
    chooseCacheSize(this.network.config, positions, room);
    if (this.engine.idle) this.engine.begin(room, repeatable);
  }

  private check(prompt: readonly number[], { maxNewTokens }: SamplingConfig, name: string): void {
    if (prompt.length === 0) throw new PlumbError(`${name} has no tokens`);
    const limit = this.network.config.maxPositions;
    if (prompt.length + maxNewTokens <= limit) return;
    throw new PlumbError(
      `${name} has ${prompt.length} tokens; with ${maxNewTokens} new ones that exceeds the model's context of ${limit}`,
      { hint: "shorten the prompt or lower maxNewTokens" },
    );
  }
}

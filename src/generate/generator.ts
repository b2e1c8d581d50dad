import { PlumbError } from "../base/errors.js";
import type { Network } from "../model/network.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { type CacheSizeOptions, chooseCacheSize, MAX_ROWS } from "./cache-size.js";
import { DecodeEngine } from "./engine.js";
import { inOrder } from "./in-order.js";
import { type Completion, Request, type RequestOptions } from "./request.js";
import type { SamplingConfig } from "./sampling.js";

/** Limits of a generator's memory; every option may be left out. */
export interface GeneratorOptions extends CacheSizeOptions {
  /** Most tokens of prompts computed at once, default 512: limits the memory, and how long decoding rows wait. */
  chunkTokens?: number | undefined;
}

/** How prompts are completed, apart from how tokens are drawn; every option may be left out. */
export interface GenerateOptions extends CacheSizeOptions {
  signal?: AbortSignal | undefined;
  /** Number of the first prompt's random draws, default 0; those of the other prompts follow. */
  firstRow?: number | undefined;
  /** Called after each step with the number of tokens sampled. */
  onStep?: ((tokens: number) => void) | undefined;
  /** Called with each prompt's index once its completion is available. */
  onCompletion?: ((index: number) => void) | undefined;
}

/** A stream reads ahead the prompts of this many batches, so that a long completion does not delay the others. */
const READ_AHEAD = 4;

/** Samples completions from a network, with a KV cache that is updated in place. */
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
   * Samples one completion per prompt. A row's draws depend only on the seed and its position in `prompts`, not on how
   * rows are batched.
   *
   * @param prompts token ids, at least one each.
   * @throws PlumbError before any computation if a prompt is empty or exceeds the model's context, or memory does not
   * suffice for the cache; later if logits are not finite, or on an abort.
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
   * Like `generate`, for prompts that are read while others decode. Completions come in the order of the prompts, and
   * few more prompts are read than are being decoded. If reading fails, the prompts read before are completed first.
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
   * Samples one completion, in one batch with other calls in progress; `onToken` receives its tokens as they are
   * sampled. @throws PlumbError as `generate`.
   */
  async submit(
    prompt: readonly number[],
    sampling: SamplingConfig,
    options: RequestOptions,
  ): Promise<Completion> {
    this.check(prompt, sampling, "the prompt");
    // Weights under training may have changed since the cache was filled.
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

  /** Calls `onStep` after each step with the number of tokens added since the last call. */
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
      `${name} has ${prompt.length} tokens; ${maxNewTokens} new ones would exceed the model's context of ${limit}`,
      { hint: "Shorten the prompt or lower maxNewTokens." },
    );
  }
}

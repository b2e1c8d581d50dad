/** A policy on the held-out prompts: its samples, their gold utility, and its KL from the SFT model. */
import { Generator } from "../generate/index.js";
import type { NetworkRunner } from "../model/runner.js";
import type { Batching } from "../model/score.js";
import type { Runtime } from "../runtime/runtime.js";
import { type Interval, mean } from "../statistics/estimates.js";
import type { Tokenizer } from "../text/index.js";
import { type Prompt, prompts } from "../worlds/assistant/index.js";
import type { DemoConfig } from "./config.js";
import {
  type GoldSamples,
  type GoldSummary,
  klPerResponse,
  promptMean,
  type SamplesPlan,
  sampleGold,
  summarizeGold,
} from "./policies.js";

export interface PolicyFigures {
  name: string;
  temperature: number;
  /** Answers sampled for each one that is given: n for best of n, else 1. */
  sampled: number;
  /** Nats per response from the SFT model at the usual temperature. */
  kl: Interval;
  summary: GoldSummary;
}

/** A policy's figures and the samples that they summarise. */
export interface Measured {
  figures: PolicyFigures;
  samples: GoldSamples[];
}

/** Settings of the demo on which measurements on held-out prompts depend. */
type HeldOutSettings = Pick<
  DemoConfig,
  "seed" | "split" | "samplesPerPrompt" | "temperature" | "temperatures"
> & {
  ppo: Pick<DemoConfig["ppo"], "maxNewTokens" | "microBatchSize" | "packing">;
};

/** Prompts that no training saw, and what policies answer to them. */
export class HeldOut {
  readonly prompts: readonly Prompt[];
  readonly batching: Batching;
  private readonly plan: Omit<SamplesPlan, "temperature">;
  private readonly generators = new Map<NetworkRunner, Generator>();

  /** @param reference the SFT model. */
  constructor(
    private readonly runtime: Runtime,
    private readonly tokenizer: Tokenizer,
    private readonly reference: NetworkRunner,
    private readonly config: HeldOutSettings,
  ) {
    const { maxNewTokens, microBatchSize: rows, packing } = config.ppo;
    this.prompts = prompts(config.split);
    this.batching = { rows, padId: tokenizer.padId, packing };
    this.plan = { samplesPerPrompt: config.samplesPerPrompt, maxNewTokens, seed: config.seed + 1 };
  }

  /** Samples a policy at a temperature and summarises the samples. */
  async measure(name: string, runner: NetworkRunner, temperature: number): Promise<Measured> {
    const samples = await this.sample(runner, { temperature });
    const usual = { runner: this.reference, temperature: this.config.temperature };
    const kl = await klPerResponse(runner, temperature, usual, samples, this.tokenizer, this.batching);
    return { figures: { name, temperature, sampled: 1, kl, summary: summarizeGold(samples) }, samples };
  }

  /** The temperature at which a policy's gold utility is highest on the develop split. */
  async bestTemperature(runner: NetworkRunner): Promise<number> {
    const { temperatures } = this.config;
    const golds: number[] = [];
    for (const temperature of temperatures) {
      const samples = await this.sample(runner, { temperature, samplesPerPrompt: 1 }, prompts("develop"));
      golds.push(mean(samples.map((answered) => promptMean(answered, ({ gold }) => gold.total))));
    }
    return temperatures[golds.indexOf(Math.max(...golds))];
  }

  sample(
    runner: NetworkRunner,
    changes: Pick<SamplesPlan, "temperature"> & Partial<SamplesPlan>,
    asked = this.prompts,
  ): Promise<GoldSamples[]> {
    return sampleGold(this.generatorOf(runner), this.tokenizer, asked, { ...this.plan, ...changes });
  }

  private generatorOf(runner: NetworkRunner): Generator {
    const { runtime, tokenizer, generators } = this;
    const known =
      generators.get(runner) ?? new Generator(runtime, runner.network, tokenizer.padId, tokenizer);
    generators.set(runner, known);
    return known;
  }
}

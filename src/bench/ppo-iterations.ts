import { ppo, ppoSchema } from "../algorithms/ppo.js";
import { functionReward } from "../algorithms/reward-sources.js";
import type { Step } from "../algorithms/step.js";
import { Generator } from "../generate/index.js";
import type { ModelConfig } from "../model/config.js";
import { frozenNetwork, loraNetwork } from "../model/create.js";
import type { Weights } from "../model/network.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import type { Runtime } from "../runtime/runtime.js";
import { LORA, someIds } from "./steps.js";

/** More iterations than anyone asks for, so that the generator does not end. */
const ENOUGH = 1_000_000;
const PROMPT_TOKENS = 32;
const NEW_TOKENS = 32;

/** PPO iterations, one at a time: 16 prompts of 32 tokens, 32 new ones, two epochs of two updates. */
export class PpoIterations {
  private readonly iterations: AsyncGenerator<Step>;
  private readonly generator: Generator;

  constructor(runtime: Runtime, config: ModelConfig, weights: Weights) {
    const settings = ppoSchema.parse({
      iterations: ENOUGH,
      batchSize: 16,
      microBatchSize: 8,
      miniBatches: 2,
      epochs: 2,
      maxNewTokens: NEW_TOKENS,
      learningRate: 1e-5,
      schedule: "constant",
      lora: {},
    });
    const policy = new NetworkTrainer(runtime, loraNetwork(runtime, config, weights, LORA, 1), settings);
    const value = new NetworkTrainer(
      runtime,
      loraNetwork(runtime, config, weights, LORA, 2, "zero"),
      settings,
    );
    this.generator = new Generator(runtime, policy.network, 0);
    const brevity = functionReward("brevity", 1, (inputs) =>
      inputs.map(({ ids }) => -ids.length / NEW_TOKENS),
    );
    const setup = {
      policy,
      value,
      reference: new NetworkRunner(runtime, frozenNetwork(runtime, config, weights)),
      generator: this.generator,
      rewards: [brevity],
      prompts: Array.from({ length: 32 }, (_, i) => ({
        ids: someIds(PROMPT_TOKENS, config.vocabSize, PROMPT_TOKENS * i),
        text: "",
      })),
      padId: 0,
    };
    this.iterations = ppo(setup, settings, { iteration: 0, beta: settings.klCoefficient });
  }

  async next(): Promise<void> {
    await this.iterations.next();
  }

  release(): void {
    this.generator.release();
  }
}

import { ppo, ppoSchema } from "../../src/algorithms/ppo.js";
import { functionReward } from "../../src/algorithms/reward-sources.js";
import type { Step } from "../../src/algorithms/step.js";
import { LORA, someIds } from "../../src/bench/steps.js";
import { Generator } from "../../src/generate/index.js";
import type { ModelConfig } from "../../src/model/config.js";
import { frozenNetwork, loraNetwork } from "../../src/model/create.js";
import type { Weights } from "../../src/model/network.js";
import { NetworkRunner, NetworkTrainer } from "../../src/model/runner.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import type { Measurement, PeerSettings } from "./protocol.js";

/** More iterations than anyone asks for, so that the generator does not end and the learning rate stays constant. */
const ENOUGH = 1_000_000;

/** A trainer that reports when it begins to differentiate. */
class WatchedTrainer extends NetworkTrainer {
  onBackward: (() => void) | undefined;

  override differentiate: NetworkTrainer["differentiate"] = (loss, values, settings) => {
    this.onBackward?.();
    return super.differentiate(loss, values, settings);
  };
}

/** PPO iterations, one at a time, timed by phase. */
export class PpoWork {
  private readonly iterations: AsyncGenerator<Step>;
  private sampled = 0;
  private scored = 0;

  constructor(
    runtime: Runtime,
    config: ModelConfig,
    weights: Weights,
    { prompts: count, promptTokens, newTokens, rows, epochs }: PeerSettings,
  ) {
    const settings = ppoSchema.parse({
      iterations: ENOUGH,
      batchSize: count,
      microBatchSize: rows,
      epochs,
      maxNewTokens: newTokens,
      learningRate: 1e-5,
      schedule: "constant",
      lora: {},
    });
    const policy = new WatchedTrainer(runtime, loraNetwork(runtime, config, weights, LORA, 1), settings);
    const value = new NetworkTrainer(
      runtime,
      loraNetwork(runtime, config, weights, LORA, 2, "zero"),
      settings,
    );
    policy.onBackward = () => {
      this.scored ||= performance.now();
    };
    const parity = functionReward("even ids", 1, (inputs) => {
      this.sampled = performance.now();
      return inputs.map(({ ids }) => ids.filter((id) => id % 2 === 0).length / ids.length);
    });
    const setup = {
      policy,
      value,
      reference: new NetworkRunner(runtime, frozenNetwork(runtime, config, weights)),
      generator: new Generator(runtime, policy.network, 0),
      rewards: [parity],
      prompts: Array.from({ length: count }, (_, i) => ({
        ids: someIds(promptTokens, config.vocabSize, i * promptTokens),
        text: "",
      })),
      padId: 0,
    };
    this.iterations = ppo(setup, settings, { iteration: 0, beta: settings.klCoefficient });
  }

  async run(): Promise<Measurement> {
    this.scored = 0;
    const start = performance.now();
    await this.iterations.next();
    const end = performance.now();
    return {
      milliseconds: end - start,
      phases: {
        generate: this.sampled - start,
        score: this.scored - this.sampled,
        train: end - this.scored,
      },
    };
  }
}

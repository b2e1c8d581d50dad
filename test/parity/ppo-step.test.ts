import { describe, expect, test } from "vitest";
import {
  advantagesAndReturns,
  finalScore,
  type PpoConfig,
  ppoSchema,
  sequenceKl,
  type Trajectory,
  tokenRewards,
  updateOnce,
  whiten,
} from "../../src/algorithms/ppo.js";
import { promptCompletion } from "../../src/model/batch.js";
import { copyTrainable, frozenNetwork, fullNetwork, loraNetwork } from "../../src/model/create.js";
import type { Network } from "../../src/model/network.js";
import { adapterNetwork } from "../../src/model/read-adapter.js";
import { NetworkRunner, NetworkTrainer } from "../../src/model/runner.js";
import { sequenceLogProbs, sequenceValues } from "../../src/model/score.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { memoryOf } from "../buffers.js";
import { norm, probe, relativeError } from "../evaluate.js";
import { adapterFolder, loadModel, PLAIN_ADAM, readFixture } from "../fixtures.js";

/**
 * A whole PPO batch in torch (scripts/reference/ppo_step.py). The case "lora", where no response ends early and
 * gradients are not clipped, agrees with TRL 1.12's own trainer; the case "full" is torch's alone.
 */
interface Checksum {
  norm: number;
  probe: number;
}
interface Side {
  base: string;
  adapter: string | null;
}
interface Case {
  policy: Side;
  reference: Side;
  value: Side;
  config: {
    klCoefficient: number;
    gamma: number;
    lambda: number;
    clip: number;
    valueClip: number;
    valueCoefficient: number;
    temperature: number;
    whitenRewards: boolean;
    missingEosPenalty: number | null;
    epochs: number;
    miniBatches: number;
    maxGradNorm: number | null;
    optimizer: { learningRate: number };
    padId: number;
    eosId: number;
  };
  queries: number[][];
  responses: number[][];
  scores: number[];
  valueHead: number[];
  orders: number[][];
  rollout: Record<
    | "logProbs"
    | "referenceLogProbs"
    | "values"
    | "rewards"
    | "whitenedRewards"
    | "rawAdvantages"
    | "returns"
    | "advantages",
    number[][]
  > & {
    scores: number[];
    metrics: Record<string, number>;
  };
  updates: (Record<
    | "policyLoss"
    | "valueLoss"
    | "approxKl"
    | "clipFraction"
    | "valueClipFraction"
    | "ratioMean"
    | "entropy"
    | "gradNorm",
    number
  > & { rows: number[] })[];
  sensitivity: Record<string, number>;
  final: Record<string, Checksum & { change: Checksum }>;
}
const { cases } = readFixture<{ cases: Record<string, Case> }>("ppo_step.json");
const runtime = new OrtRuntime({ threads: 1 });
const TOLERANCE = 1e-4;

async function network(
  { base, adapter }: Side,
  train: "none" | "policy" | "value",
  head: number[],
): Promise<Network> {
  const { config, weights } = await loadModel(runtime, base);
  const scalar = train === "value" ? "zero" : "none";
  let made: Network;
  if (adapter) {
    made = await adapterNetwork(runtime, config, weights, adapterFolder(adapter));
    if (train === "value" && made.lora) {
      const withHead = loraNetwork(runtime, config, weights, made.lora, 0, scalar);
      await copyTrainable(made, withHead);
      made = withHead;
    }
  } else
    made =
      train === "none"
        ? frozenNetwork(runtime, config, weights)
        : fullNetwork(runtime, config, weights, 0, scalar);
  if (train === "value") memoryOf(made.trainable.byName.get("score.weight")).set(head);
  return made;
}

/** The reference clips policy, value model and head by one norm; ours clips each by its own. This does as it does. */
class JointlyClipped extends NetworkTrainer {
  partner: NetworkTrainer | undefined;
  limit: number | null = null;
  override update(learningRate: number): Promise<number> {
    if (this.partner && this.limit !== null) {
      const both = [this, this.partner].map((t) => memoryOf(t.gradients.flat));
      const scale = Math.min(1, this.limit / (Math.hypot(...both.map(norm)) + 1e-6));
      for (const gradient of both) for (let i = 0; i < gradient.length; i++) gradient[i] *= scale;
      this.clippedBy = scale;
    }
    return super.update(learningRate);
  }
  clippedBy = 1;
}

/** Our name of a parameter of the file. */
const ourName = (name: string): string =>
  name
    .replace(/^(policy|value)\./, "")
    .replace("base_model.model.", "")
    .replace(/^head\./, "score.");

describe.each(Object.entries(cases))("the PPO batch %s", (_name, c) => {
  const { padId, eosId, optimizer, ...shared } = c.config;
  const config: PpoConfig = {
    ...ppoSchema.parse({}),
    ...shared,
    maxGradNorm: null,
    learningRate: optimizer.learningRate,
    batchSize: c.queries.length,
    microBatchSize: 3,
  };
  const sequences = c.queries.map((query, i) => {
    const prompt = query.filter((id) => id !== padId);
    return promptCompletion(
      prompt,
      c.responses[i].filter((id) => id !== padId),
    );
  });
  const lengths = c.responses.map((ids) => ids.filter((id) => id !== padId).length);
  const real = (rows: number[][]): number[] => rows.flatMap((row, i) => row.slice(0, lengths[i]));
  const close = (actual: readonly ArrayLike<number>[], expected: number[][], tolerance = TOLERANCE): void =>
    expect(
      relativeError(
        actual.flatMap((row) => Array.from(row)),
        real(expected),
      ),
    ).toBeLessThan(tolerance);

  async function rollout() {
    const policy = new JointlyClipped(runtime, await network(c.policy, "policy", c.valueHead), PLAIN_ADAM);
    const value = new NetworkTrainer(runtime, await network(c.value, "value", c.valueHead), PLAIN_ADAM);
    const reference = new NetworkRunner(runtime, await network(c.reference, "none", c.valueHead));
    policy.partner = value;
    policy.limit = c.config.maxGradNorm;
    const batching = { rows: 3, padId };
    const own = await sequenceLogProbs(policy, sequences, batching, config.temperature);
    const before = await sequenceLogProbs(reference, sequences, batching, config.temperature);
    const values = await sequenceValues(value, sequences, batching);
    const trajectories = sequences.map((sequence, i): Trajectory => {
      const ids = sequence.ids.slice(-lengths[i]);
      const finishReason = ids.includes(eosId) ? "stop" : "length";
      const score = finalScore(c.scores[i], finishReason === "stop", config);
      return {
        sequence,
        completion: { ids, logProbs: [...own[i]], finishReason },
        logProbs: own[i],
        referenceLogProbs: before[i],
        values: values[i],
        entropy: 0,
        score,
        ...{ prompt: { ids: [], text: "" }, reward: c.scores[i], rewards: {} },
        tokenRewards: tokenRewards(own[i], before[i], score, config.klCoefficient),
        advantages: new Float64Array(),
        returns: new Float64Array(),
      };
    });
    return { policy, value, trajectories };
  }

  test("log-probabilities, values, rewards, advantages and returns", async () => {
    const { trajectories } = await rollout();
    const { rollout: want } = c;
    close(
      trajectories.map((t) => t.logProbs),
      want.logProbs,
    );
    close(
      trajectories.map((t) => t.referenceLogProbs),
      want.referenceLogProbs,
    );
    close(
      trajectories.map((t) => t.values),
      want.values,
    );
    close(
      trajectories.map((t) => t.tokenRewards),
      want.rewards,
    );
    expect(
      relativeError(
        trajectories.map((t) => t.score),
        want.scores,
      ),
    ).toBeLessThan(1e-6);
    expect(
      relativeError(
        [trajectories.reduce((a, t) => a + sequenceKl(t), 0) / trajectories.length],
        [want.metrics["objective/kl"]],
      ),
    ).toBeLessThan(TOLERANCE);
    estimate(
      trajectories,
      config,
      (rewards) => close(rewards, want.whitenedRewards),
      (raw) => close(raw, want.rawAdvantages),
    );
    close(
      trajectories.map((t) => t.returns),
      want.returns,
    );
    close(
      trajectories.map((t) => t.advantages),
      want.advantages,
    );
  });

  const clipping =
    c.config.maxGradNorm === null
      ? ""
      : " (gradients clipped jointly by this test: ours clips policy and value each by its own norm)";
  test(`every update's losses, statistics and gradient norm, and the weights at the end${clipping}`, async () => {
    const { policy, value, trajectories } = await rollout();
    estimate(trajectories, config);
    const start = [policy, value].map(
      (t) => new Map([...t.network.trainable.byName].map(([k, b]) => [k, Float32Array.from(memoryOf(b))])),
    );
    const size = c.queries.length / c.config.miniBatches;
    for (const [u, want] of c.updates.entries()) {
      const rows = c.orders[Math.floor(u / c.config.miniBatches)]
        .slice((u % c.config.miniBatches) * size)
        .slice(0, size);
      expect(rows).toEqual(want.rows);
      const got = await updateOnce(
        policy,
        value,
        rows.map((i) => trajectories[i]),
        config,
        padId,
        optimizer.learningRate,
      );
      const gradNorm = Math.hypot(got.policyGradNorm, got.valueGradNorm) / policy.clippedBy;
      const pairs: Record<string, [number, number]> = {
        policyLoss: [got.policyLoss, want.policyLoss],
        valueLoss: [got.valueLoss, want.valueLoss],
        approxKl: [got.approxKl, want.approxKl],
        clipFraction: [got.clipFraction, want.clipFraction],
        valueClipFraction: [got.valueClipFraction, want.valueClipFraction],
        ratioMean: [got.ratio, want.ratioMean],
        entropy: [got.entropy, want.entropy],
        gradNorm: [gradNorm, want.gradNorm],
      };
      for (const [key, [actual, expected]] of Object.entries(pairs)) {
        const allowed = 20 * c.sensitivity[key] + TOLERANCE * Math.abs(expected) + 1e-6;
        expect(
          Math.abs(actual - expected),
          `update ${u + 1}, ${key}: ${actual}, expected ${expected}`,
        ).toBeLessThan(allowed);
      }
    }
    for (const [name, want] of Object.entries(c.final)) {
      const side = name.startsWith("policy.") ? 0 : 1;
      const now = memoryOf([policy, value][side].network.trainable.byName.get(ourName(name)));
      const change = now.map((v, i) => v - (start[side].get(ourName(name)) as Float32Array)[i]);
      expect(Math.abs(norm(now) - want.norm) / want.norm, name).toBeLessThan(1e-5);
      expect(Math.abs(probe(now) - want.probe) / want.norm, name).toBeLessThan(1e-5);
      const slack = 20 * c.sensitivity.changeNormRelative + 5e-4;
      expect(Math.abs(norm(change) - want.change.norm), name).toBeLessThanOrEqual(slack * want.change.norm);
      expect(Math.abs(probe(change) - want.change.probe), name).toBeLessThanOrEqual(
        2 * slack * want.change.norm,
      );
    }
    const trained = [policy, value].flatMap((t) => [...t.network.trainable.byName.keys()]).length;
    expect(Object.keys(c.final).length).toBe(trained);
  });
});

/** As an iteration of ppo() does, step by step. */
function estimate(
  trajectories: Trajectory[],
  config: PpoConfig,
  onRewards?: (rows: Float64Array[]) => void,
  onRaw?: (rows: Float64Array[]) => void,
): void {
  const rewards = trajectories.map((t) => t.tokenRewards);
  if (config.whitenRewards) whiten(rewards, true);
  onRewards?.(rewards);
  for (const t of trajectories)
    Object.assign(t, advantagesAndReturns(t.tokenRewards, t.values, config.gamma, config.lambda));
  onRaw?.(trajectories.map((t) => t.advantages));
  whiten(trajectories.map((t) => t.advantages));
}

/** The demo's direct methods: a policy from the raters' preferences, without a reward model and without sampling. */
import type { LabelledAnswer } from "../algorithms/answers.js";
import { type DpoPair, dpo, pairLogProbs, readsReference } from "../algorithms/dpo.js";
import { type KtoConfig, kto, ktoSteps, mismatched } from "../algorithms/kto.js";
import { orpo } from "../algorithms/orpo.js";
import type { Step } from "../algorithms/step.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import { fullNetwork } from "../model/create.js";
import { type NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { type StageWork, UNSAVED } from "../pipeline/index.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { type DemoConfig, wholeModel } from "./config.js";
import { promptIds } from "./language-model.js";
import { type DirectMethod, PAIR_LOSSES, settingsOf } from "./methods.js";
import type { StepEvent } from "./phases.js";
import { type Judged, preferredAnswers } from "./preferences.js";
import { resumableSteps } from "./resumable.js";
import { weightsOf } from "./training.js";

/** Settings of the demo on which a direct method depends. */
export type DirectSettings = Pick<DemoConfig, "seed" | "dpo" | "kto" | "orpo">;

/** Trains a copy of the SFT model, which is the reference where the method has one. */
export async function* trainDirectly(
  method: DirectMethod,
  runtime: Runtime,
  reference: NetworkRunner,
  tokenizer: Tokenizer,
  judged: Judged,
  config: DirectSettings,
  work: StageWork = UNSAVED,
): AsyncGenerator<StepEvent, NetworkRunner> {
  const start = fullNetwork(runtime, reference.network.config, weightsOf(reference.network));
  const policy = new NetworkTrainer(runtime, start, config[settingsOf(method)]);
  const steps = await stepsOf(method, { policy, reference }, tokenizer, judged, config);
  yield* resumableSteps(method, policy, work, steps);
  return policy;
}

/** The method's steps without the first `done`; what they read of the reference is computed before. */
async function stepsOf(
  method: DirectMethod,
  { policy, reference }: { policy: NetworkTrainer; reference: NetworkRunner },
  tokenizer: Tokenizer,
  judged: Judged,
  config: DirectSettings,
): Promise<(done: number) => AsyncIterable<Step>> {
  const { padId } = tokenizer;
  const whole = wholeModel(config);
  if (method === "kto")
    return ktoFrom(policy, reference, labelled(judged, tokenizer), padId, { ...config.kto, ...whole });
  const pairs = answerPairs(judged, tokenizer);
  if (method === "orpo") return (done) => orpo({ policy, pairs, padId }, { ...config.orpo, ...whole }, done);
  const still = { syncEvery: null, syncShare: 1 };
  const own = { ...config.dpo, lossType: PAIR_LOSSES[method], ...still, ...whole };
  const known = readsReference(own) ? await pairLogProbs(reference, pairs, padId, own) : [];
  const compared = pairs.map((pair, i): DpoPair => ({ ...pair, reference: known[i] }));
  return (done) => dpo({ policy, pairs: compared, padId }, own, done);
}

/** KTO's steps: the reference's log-probabilities of all that they will read are computed first. */
async function ktoFrom(
  policy: NetworkTrainer,
  reference: NetworkRunner,
  answers: readonly LabelledAnswer[],
  padId: number,
  config: KtoConfig,
): Promise<(done: number) => AsyncIterable<Step>> {
  const batching = { rows: config.microBatchSize, padId, packing: config.packing };
  const logProbs = (sequences: readonly Sequence[]) => sequenceLogProbs(reference, sequences, batching);
  const own = await logProbs(answers.map(({ prompt, completion }) => promptCompletion(prompt, completion)));
  const others = Array.from({ length: ktoSteps(answers.length, config) }, (_, step) =>
    mismatched(answers, step, config),
  );
  const found = await logProbs(others.flat());
  const ofSteps = others.map(({ length }) => found.splice(0, length));
  return (done) =>
    kto({ policy, answers, reference: { answers: own, mismatched: ofSteps }, padId }, config, done);
}

/** The pairs with the answer that the raters prefer as the chosen one, each with the probability that they are wrong. */
const answerPairs = (judged: Judged, tokenizer: Tokenizer): DpoPair[] =>
  preferredAnswers(judged, tokenizer).map(({ prompt, chosen, rejected, noise }) => ({
    chosen: promptCompletion(prompt, chosen),
    rejected: promptCompletion(prompt, rejected),
    noise,
  }));

/** Each answer by itself, in the pairs' own order: the better one of a pair is desirable, the other is not. */
function labelled({ pairs, preferences }: Judged, tokenizer: Tokenizer): LabelledAnswer[] {
  return preferences.flatMap(({ pair, better }) => {
    const prompt = promptIds(tokenizer, pairs[pair].prompt.text);
    return (["left", "right"] as const).map((side) => ({
      prompt,
      completion: pairs[pair][side].ids,
      label: side === better,
    }));
  });
}

/** The demo's direct methods: a policy from the raters' preferences, without a reward model and without sampling. */
import type { LabelledAnswer } from "../algorithms/answers.js";
import {
  checkDpo,
  type DpoConfig,
  type DpoPair,
  dpo,
  pairLogProbs,
  readsReference,
} from "../algorithms/dpo.js";
import { checkKto, type KtoConfig, kto, ktoSteps, mismatched } from "../algorithms/kto.js";
import { orpo } from "../algorithms/orpo.js";
import type { Step } from "../algorithms/step.js";
import { PlumbError } from "../base/errors.js";
import { usageError } from "../base/usage-error.js";
import { promptCompletion, type Sequence } from "../model/batch.js";
import { fullNetwork } from "../model/create.js";
import { type NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { type StageWork, UNSAVED } from "../pipeline/index.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { type DemoConfig, wholeModel } from "./config.js";
import { type DirectMethod, PAIR_LOSSES, settingsOf } from "./methods.js";
import type { StepEvent } from "./phases.js";
import { type Judged, type PreferredAnswers, preferredAnswers } from "./preferences.js";
import { resumableSteps } from "./resumable.js";
import { weightsOf } from "./training.js";

/** Settings of the demo on which a direct method depends. */
export type DirectSettings = Pick<DemoConfig, "seed" | "dpo" | "kto" | "orpo">;

/** The settings of a loss over pairs: the demo's reference stays where it is. */
const pairSettings = (
  method: keyof typeof PAIR_LOSSES,
  config: Pick<DirectSettings, "seed" | "dpo">,
): DpoConfig => ({
  ...config.dpo,
  lossType: PAIR_LOSSES[method],
  syncEvery: null,
  syncShare: 1,
  ...wholeModel(config),
});

/**
 * Checks the settings of the further methods, so that a wrong one is known before the first stage and not at the
 * method's own. @throws PlumbError, which names the method, if one of them would refuse its settings.
 */
export function checkMethods(config: DirectSettings & Pick<DemoConfig, "methods">): void {
  for (const method of config.methods)
    try {
      if (method === "kto") checkKto(config.kto);
      else if (method !== "orpo" && method !== "grpo") checkDpo(pairSettings(method, config));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      throw usageError(`methods: ${method}: ${error.message}`, error.hint);
    }
}

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
  const compared = preferredAnswers(judged, tokenizer);
  if (method === "kto")
    return ktoFrom(policy, reference, compared.flatMap(labelled), padId, { ...config.kto, ...whole });
  const pairs = compared.map(answerPair);
  if (method === "orpo") return (done) => orpo({ policy, pairs, padId }, { ...config.orpo, ...whole }, done);
  const own = pairSettings(method, config);
  const known = readsReference(own) ? await pairLogProbs(reference, pairs, padId, own) : [];
  const withReference = pairs.map((pair, i): DpoPair => ({ ...pair, reference: known[i] }));
  return (done) => dpo({ policy, pairs: withReference, padId }, own, done);
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

/** The answer that the raters prefer as the chosen one, with the probability that they are wrong. */
const answerPair = ({ prompt, chosen, rejected, noise }: PreferredAnswers): DpoPair => ({
  chosen: promptCompletion(prompt, chosen),
  rejected: promptCompletion(prompt, rejected),
  noise,
});

/** Each answer by itself, in the pair's own order: the preferred one is desirable, the other is not. */
const labelled = ({ prompt, inOrder }: PreferredAnswers): LabelledAnswer[] =>
  inOrder.map(({ ids, preferred }) => ({ prompt, completion: ids, label: preferred }));

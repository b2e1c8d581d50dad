/** Checks of a model: it opens, a forward pass gives finite numbers, its tokenizer and chat template work. */
import { formatBytes, formatCount } from "../base/format.js";
import type { Notices } from "../base/host.js";
import { type Network, parameterCount } from "../model/network.js";
import { NetworkRunner } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { type OpenedNetwork, openNetwork } from "../open/open-network.js";
import { bytesOf } from "../runtime/program-cost.js";
import type { Runtime } from "../runtime/runtime.js";
import { renderChat, type Tokenizer } from "../text/index.js";
import { type CheckResult, runCheck } from "./check.js";

const SAMPLE_TEXT = "The plumb line hangs straight: 42 = 6 × 7.";

export async function checkModel(
  runtime: Runtime,
  model: string,
  adapter: readonly string[],
  notices: Pick<Notices, "warn">,
): Promise<CheckResult[]> {
  let opened: OpenedNetwork | undefined;
  const findings = [
    await runCheck("model", async () => {
      opened = await openNetwork(runtime, model, adapter, { notices });
      const { config, network, leftOut } = opened;
      const { frozen, trainable } = parameterCount(network);
      const adapted = trainable > 0 ? `, adapter of ${formatCount(trainable)}` : "";
      const size = `${formatCount(frozen)} parameters (${formatBytes(frozenBytes(network))} in memory)${adapted}`;
      const shape = `${config.layers} layers of ${config.hiddenSize}, vocabulary ${config.vocabSize}, context ${config.maxPositions}`;
      const without = leftOut === undefined ? "" : `; left out: ${leftOut}`;
      return { status: "ok", found: `${config.architecture}, ${size}; ${shape}${without}` };
    }),
  ];
  if (opened === undefined) return findings;
  const { tokenizer } = opened;
  findings.push(await checkForward(runtime, opened));
  findings.push(
    await runCheck("tokenizer", () => (tokenizer === undefined ? NO_TOKENIZER : checkTokenizer(tokenizer))),
  );
  if (tokenizer !== undefined) findings.push(await runCheck("chat template", () => checkTemplate(tokenizer)));
  return findings;
}

const frozenBytes = ({ frozen }: Network): number =>
  [...frozen.values()].reduce((bytes, buffer) => bytes + bytesOf(buffer), 0);

const NO_TOKENIZER = {
  status: "warn",
  found: "the model has none",
  hint: "It accepts only token ids; put its tokenizer.json next to the weights.",
} as const;

function checkForward(runtime: Runtime, { network, config, padId }: OpenedNetwork): Promise<CheckResult> {
  return runCheck("forward pass", async () => {
    const length = Math.min(16, config.maxPositions);
    const ids = Array.from({ length }, (_, i) => (i * 7919) % config.vocabSize);
    const started = performance.now();
    const [values] = await sequenceLogProbs(
      new NetworkRunner(runtime, network),
      [{ ids, lossMask: ids.map(() => true) }],
      { rows: 1, padId },
    );
    const ms = `${(performance.now() - started).toFixed(0)} ms with compiling`;
    if (values.every(Number.isFinite)) return { status: "ok", found: `finite, ${ms}` };
    return {
      status: "fail",
      found: "the logits are not finite",
      hint: "The weights are damaged; fetch them again.",
    };
  });
}

function checkTokenizer(tokenizer: Tokenizer): Omit<CheckResult, "check"> {
  const ids = tokenizer.encode(SAMPLE_TEXT);
  const found = `${tokenizer.vocabSize} tokens`;
  if (tokenizer.eosId === undefined) {
    return {
      status: "warn",
      found: `${found}, no end-of-sequence token`,
      hint: "Training needs one: eos_token.",
    };
  }
  if (tokenizer.decode(ids) === SAMPLE_TEXT)
    return { status: "ok", found: `${found}; text comes back as it was` };
  return {
    status: "warn",
    found: `${found}; text does not come back as it was`,
    hint: "Texts will be normalised.",
  };
}

function checkTemplate(tokenizer: Tokenizer): Omit<CheckResult, "check"> {
  if (tokenizer.chatTemplate === undefined) {
    return { status: "warn", found: "none", hint: "It accepts no messages, only plain text." };
  }
  const messages = [{ role: "user", content: "Hello" }];
  const text = renderChat(tokenizer, messages, { addGenerationPrompt: true });
  if (text.includes("Hello"))
    return { status: "ok", found: `renders (${text.length} characters for "Hello")` };
  return {
    status: "fail",
    found: "does not write the user's message",
    hint: "The template is not a chat template.",
  };
}

import { existsSync, readdirSync, statSync } from "node:fs";
import { z } from "zod";
import { PlumbError } from "../../errors.js";
import { exportMerged } from "../../model/export.js";
import { parameterCount } from "../../model/network.js";
import { parseByteSize } from "../byte-size.js";
import { defineCommand } from "../command.js";
import { adapterSetting, modelSetting } from "../model-settings.js";
import { createRuntime, openNetwork } from "../open-network.js";
import { formatCount } from "../table.js";

const schema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  out: z.string().min(1).describe("the folder to write; it must not hold anything yet"),
  dtype: z.enum(["f32", "bf16", "f16"]).default("f32").describe("type of the weights written"),
  maxShardSize: z
    .string()
    .default("5GB")
    .describe(
      "most bytes of weights in one file, such as 500MB or 2GiB; a larger model is written as shards",
    ),
});

const DTYPES = { f32: "F32", bf16: "BF16", f16: "F16" } as const;

export default defineCommand({
  description:
    "Saves a model as a Hugging Face folder that transformers, vLLM and Plumbline open: a GGUF file with its weights " +
    "dequantised and its tokenizer, or a model with adapters folded into it; a reward model as one for sequence " +
    "classification. The folder appears whole or not at all.",
  examples: [
    {
      command: "plumb convert --model model.gguf --out model",
      does: "a GGUF file as a folder of safetensors",
    },
    {
      command: "plumb convert --model DIR --adapter runs/ppo/policy --out tuned --dtype bf16",
      does: "a model with its adapter merged, at half the size",
    },
  ],
  schema,
  async run({ ui, signal }, { model, adapter, out, dtype, maxShardSize }) {
    const maxShardBytes = parseByteSize(maxShardSize);
    if (existsSync(out) && (!statSync(out).isDirectory() || readdirSync(out).length > 0)) {
      throw new PlumbError(`${out} is there already`, {
        hint: "Give --out another name, or remove it first.",
      });
    }
    const { network, config, tokenizer } = await openNetwork(createRuntime(), model, adapter, {
      head: "any",
    });
    if (tokenizer === undefined) ui.warn(`${model} has no tokenizer; the folder will have none`);
    const reward = network.trainable.byName.has("score.weight") || config.head === "score";
    if (reward) ui.info("a reward model, for sequence classification; its scores are not normalised");
    signal.throwIfAborted();
    await exportMerged(out, network, tokenizer, DTYPES[dtype], maxShardBytes);
    const parameters = parameterCount(network).frozen;
    const { architecture, layers, vocabSize, maxPositions } = config;
    await ui.result({ out, dtype, architecture, parameters, layers, vocabSize, maxPositions }, () =>
      [
        `wrote ${out}: ${architecture}, ${layers} layers,`,
        `${formatCount(parameters)} parameters in ${dtype}`,
      ].join(" "),
    );
  },
});

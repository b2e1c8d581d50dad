import { formatCount } from "../../base/format.js";
import { conversionSchema, convert } from "../../open/index.js";
import { defineCommand } from "../command.js";
import { hostOf } from "../host.js";

export default defineCommand({
  description:
    "Saves a model as a Hugging Face folder that transformers, vLLM and Plumbline open: a GGUF file with its weights " +
    "dequantised and its tokenizer, or a model with adapters folded into it; a reward model becomes one for sequence " +
    "classification. The folder appears complete or not at all.\n\n" +
    "With --quantize int8 the folder takes about a quarter of the bytes. It is calibrated on --data, or on text that the " +
    "model samples, its error is measured on other text, and nothing is written if that exceeds --base-error. " +
    "Every command opens such a folder; adapters are trained on it with sft, reward and ppo. Give the original model to " +
    "train all weights.",
  examples: [
    {
      command: "plumb convert --model model.gguf --out model",
      does: "a GGUF file as a folder of safetensors",
    },
    {
      command: "plumb convert --model DIR --adapter runs/ppo/policy --out tuned --dtype bf16",
      does: "a model with its adapter merged, at half the size",
    },
    {
      command: "plumb convert --model model.gguf --quantize int8 --data pairs.jsonl --out model-int8",
      does: "in 8 bits, calibrated on the text that it will see",
    },
  ],
  schema: conversionSchema,
  async run(context, config) {
    const { out } = config;
    const made = await convert(config, hostOf(context));
    const { architecture, layers, parameters, dtype } = made;
    await context.ui.result(
      { out, ...made },
      () =>
        `wrote ${out}: ${architecture}, ${layers} layers, ${formatCount(parameters)} parameters in ${dtype}`,
    );
  },
});

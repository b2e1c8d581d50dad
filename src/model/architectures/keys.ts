/**
 * Which keys of config.json may stand there: those that an architecture's `read` asks for, those that change nothing,
 * and those of which one value alone is supported. Everything else is refused by name (`checkKeys`).
 */
import { PlumbError } from "../../base/errors.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { Architecture } from "./architecture.js";

/** What transformers 4 and 5 write for every model, and what has no part in what a decoder computes. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  // The classes, the library, where the model came from, custom code (transformers' own classes are read here).
  ...[
    "architectures",
    "transformers_version",
    "name_or_path",
    "auto_map",
    "tokenizer_class",
    "finetuning_task",
  ],
  ...["task_specific_params", "model_max_length", "max_sequence_length", "transformers.js_config"],
  ...["unsloth_fixed", "unsloth_version", "is_llama_config"],
  // What a call returns, and how it computes the same.
  ...[
    "output_past",
    "return_dict",
    "output_hidden_states",
    "output_attentions",
    "output_scores",
    "return_dict_in_generate",
  ],
  ...["use_cache", "cache_implementation", "attn_implementation", "gradient_checkpointing"],
  ...["chunk_size_feed_forward", "pretraining_tp", "torchscript", "use_bfloat16", "torch_dtype", "dtype"],
  ...["tf_legacy_loss", "reorder_and_upcast_attn", "is_decoder"],
  // Labels and losses of classifiers (`checkLabels` counts the labels), how new weights are drawn.
  ...["id2label", "label2id", "num_labels", "problem_type", "initializer_range"],
  // Dropout: models are trained without it.
  ...["attention_probs_dropout_prob", "hidden_dropout_prob"],
  ...["attention_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop", "hidden_dropout", "classifier_dropout"],
  // Tokens with no part in a decoder.
  ...["sep_token_id", "decoder_start_token_id", "prefix"],
  // How transformers' generate() samples; here that is a setting of the command.
  ...[
    "max_length",
    "min_length",
    "max_new_tokens",
    "min_new_tokens",
    "do_sample",
    "early_stopping",
    "num_beams",
  ],
  ...["num_beam_groups", "diversity_penalty", "temperature", "top_k", "top_p", "typical_p", "epsilon_cutoff"],
  ...["eta_cutoff", "repetition_penalty", "length_penalty", "no_repeat_ngram_size"],
  ...["encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "forced_bos_token_id"],
  ...["forced_eos_token_id", "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens"],
  ...["begin_suppress_tokens"],
]);

/** Keys of which transformers' classes or files of supported models know other values than are supported. */
const ONE_VALUE: Readonly<Record<string, readonly unknown[]>> = {
  is_encoder_decoder: [false],
  add_cross_attention: [false],
  tie_encoder_decoder: [false],
  pruned_heads: [{}],
  partial_rotary_factor: [1],
  rope_interleaved: [false],
  use_mrope: [false],
  use_sliding_window: [false],
  attention_bias: [false],
  mlp_bias: [false],
};

/** Whether a key changes nothing, in any model or in one of this name. */
export const withoutEffect = (key: string, architecture: Pick<Architecture, "withoutEffect">): boolean =>
  WITHOUT_EFFECT.has(key) || (architecture.withoutEffect?.includes(key) ?? false);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * To be called after `read`. Keys that begin with "_" are transformers' own notes, and a key that is null says nothing.
 *
 * @throws PlumbError, which names every key that was not read and may change what the model computes.
 */
export function checkKeys(
  json: JsonFields,
  architecture: { name: string } & Pick<Architecture, "withoutEffect" | "oneValue">,
): void {
  const { name, oneValue } = architecture;
  const known: Readonly<Record<string, readonly unknown[]>> = { ...ONE_VALUE, ...oneValue };
  const unknown: string[] = [];
  for (const key of json.unread()) {
    const [first] = key.split(".", 1);
    if (first.startsWith("_") || [key, first].some((k) => withoutEffect(k, architecture))) continue;
    const last = key.slice(key.lastIndexOf(".") + 1);
    const values = Object.hasOwn(known, last) ? known[last] : undefined;
    if (values === undefined) unknown.push(key);
    else if (!values.some((value) => same(value, json.at(key)))) {
      const expected = values.map((value) => JSON.stringify(value)).join(" or ");
      throw new PlumbError(
        `${json.path}: "${key}" is ${JSON.stringify(json.at(key))?.slice(0, 60)}; only ${expected} is supported for ${name}.`,
      );
    }
  }
  if (unknown.length === 0) return;
  const list = unknown.map((key) => JSON.stringify(key.slice(0, 64))).slice(0, 12);
  const more = unknown.length > list.length ? ` and ${unknown.length - list.length} more` : "";
  throw new PlumbError(
    `${json.path}: ${list.join(", ")}${more} ${unknown.length > 1 ? "are not keys" : "is not a key"} that is known for ${name}, so the model may compute something else than would be read.`,
    {
      hint: "If a key changes nothing that the model computes, remove it from config.json (or begin its name with _).",
    },
  );
}

/**
 * Converts config.json of a Hugging Face folder to a ModelConfig; fields specific to one architecture are read in
 * architectures/.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PlumbError } from "../../base/errors.js";
import { shown } from "../../base/explain-issue.js";
import { ARCHITECTURES, type Architecture, type Composite } from "../architectures/index.js";
import { checkKeys } from "../architectures/keys.js";
import { agreed } from "../architectures/rope-fields.js";
import type { ModelConfig } from "../config.js";
import { JsonFields, readJson } from "../formats/json-fields.js";
import { isMxfp4, type StoredInt8, storedInt8 } from "../int8/stored.js";

/**
 * Reads config.json and, if it exists, the EOS ids of generation_config.json.
 *
 * @returns `int8` if the folder's weights are in 8 bits, `packed` if those of experts are MXFP4.
 * @throws PlumbError, which names the file and the field, if something is missing or not supported.
 */
export async function readHuggingFaceConfig(
  dir: string,
): Promise<{ config: ModelConfig; int8: StoredInt8 | undefined; packed: boolean }> {
  const config = await readJson(join(dir, "config.json"));
  const generationPath = join(dir, "generation_config.json");
  const generation = existsSync(generationPath) ? await readJson(generationPath) : undefined;
  const read = huggingFaceConfig(config, generation);
  const int8 = storedInt8(config);
  return { config: read, int8, packed: isMxfp4(config) };
}

/** The configuration described by config.json and generation_config.json. */
export function huggingFaceConfig(json: JsonFields, generation?: JsonFields): ModelConfig {
  const { architecture, classifier, composite } = classOf(json);
  storedInt8(json);
  if (classifier) checkLabels(json);
  const text = composite === undefined ? json : textFields(json, composite);
  const ids = (key: string): number[] => [...json.ids(key), ...text.ids(key)];
  const eosIds = [...(generation?.ids("eos_token_id") ?? []), ...ids("eos_token_id")];
  const config = {
    architecture: architecture.name,
    ...(composite && { partOf: composite.causal }),
    ...(classifier && { head: "score" as const }),
    ...architecture.read(text),
    bosId: ids("bos_token_id")[0],
    eosIds: [...new Set(eosIds)],
    padId: ids("pad_token_id").find((id) => id >= 0),
  };
  if (composite !== undefined) {
    if ((text.get("model_type") ?? architecture.name) !== architecture.name)
      throw text.wrong("model_type", `"${architecture.name}" in ${composite.text}`);
    agreed(json, [
      [`${composite.text}.tie_word_embeddings`, config.tieWordEmbeddings],
      ["tie_word_embeddings", json.boolean("tie_word_embeddings", config.tieWordEmbeddings)],
    ]);
    checkKeys(json, { name: composite.type, withoutEffect: composite.withoutEffect });
  }
  checkKeys(text, architecture);
  return config;
}

/** The text model's part of a configuration of several models. */
function textFields(json: JsonFields, { text, defaults }: Composite): JsonFields {
  const fields = json.object(text, defaults);
  json.get(text); // whose keys are checked apart
  return fields ?? new JsonFields(defaults, json.path);
}

/** Classes that look supported but are not, with what is missing. */
const ALMOST: Readonly<Record<string, string>> = {
  Gemma3ForSequenceClassification:
    "its images are not; the text model alone is: Gemma3TextForSequenceClassification",
  ...Object.fromEntries(
    ["Qwen3_5ForCausalLM", "Qwen3_5ForConditionalGeneration", "Qwen3NextForCausalLM"].map((name) => [
      name,
      "three of its layers in four have linear attention (gated DeltaNet) in place of attention, which is not read",
    ]),
  ),
};

function classOf(json: JsonFields): {
  architecture: Architecture;
  classifier: boolean;
  composite?: Composite;
} {
  const names = json.get("architectures");
  const name: unknown = Array.isArray(names) ? names[0] : undefined;
  const type = json.get("model_type");
  for (const architecture of ARCHITECTURES) {
    const { causal, classifier } = architecture;
    const composite = name === architecture.composite?.causal ? architecture.composite : undefined;
    if (name !== causal && name !== classifier && composite === undefined) continue;
    const expected = composite?.type ?? architecture.name;
    if (type !== undefined && type !== expected)
      throw json.wrong("model_type", `"${expected}", the type of ${name} in "architectures"`);
    return { architecture, classifier: name === classifier, ...(composite && { composite }) };
  }
  const almost = typeof name === "string" && Object.hasOwn(ALMOST, name) ? `: ${ALMOST[name]}` : "";
  const kind = type === undefined ? "" : ` ("architectures" is missing; "model_type" is ${shown(type)})`;
  const found = name === undefined ? `not named${kind}` : shown(name);
  throw new PlumbError(`${json.path}: the architecture is ${found}, which is not supported${almost}.`, {
    hint: `Supported are ${ARCHITECTURES.map(({ causal }) => causal).join(", ")}, and their ...ForSequenceClassification with one label.`,
  });
}

/** Requires a single label. transformers derives the number of labels from id2label, and its default is 2. */
function checkLabels(json: JsonFields): void {
  const names = json.object("id2label");
  const labels = names?.size ?? json.number("num_labels", 2);
  if (labels === 1) return;
  throw new PlumbError(`${json.path}: the classifier has ${labels} labels; a reward model has one.`, {
    hint: "Train it with num_labels=1.",
  });
}

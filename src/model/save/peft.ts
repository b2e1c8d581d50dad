/** LoRA adapters in PEFT's format: adapter_config.json and adapter_model.safetensors. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFolderAtomically } from "../../artifacts/atomic.js";
import { type FloatDtype, type SavedTensor, writeSafetensors } from "../formats/write-safetensors.js";
import { PEFT_PREFIX } from "../load/peft.js";

export interface PeftSaveConfig {
  r: number;
  /** The update is scaled by loraAlpha / r. */
  loraAlpha: number;
  /** Ends of modules' paths, or an expression for whole paths. */
  targetModules: readonly string[] | string;
  /** Ends of the paths of weights that are no modules of their own: those of experts and routers. */
  targetParameters?: readonly string[];
  /** Modules trained in full besides the adapter, such as a reward model's "score". */
  modulesToSave?: readonly string[];
  /** The model that the adapter was trained on, as its author named it. */
  baseModel?: string;
  /** The kind of model for PEFT: a language model, or a reward model's classifier. */
  taskType: "CAUSAL_LM" | "SEQ_CLS";
  /**
   * Whether the base stores the adapted weights as [inputs, outputs]; the adapter's own matrices are the same either
   * way.
   */
  fanInFanOut?: boolean;
  /** Files to write beside it: name to text. */
  files?: Readonly<Record<string, string>>;
}

/**
 * Saves an adapter, whole or not at all, so that `PeftModel.from_pretrained` and `openPeftAdapter` load it.
 *
 * @param tensors with names as in `openPeftAdapter`, such as "model.layers.0.self_attn.q_proj.lora_A.weight".
 * @throws PlumbError if the folder cannot be written.
 */
export async function savePeft(
  dir: string,
  config: PeftSaveConfig,
  tensors: ReadonlyMap<string, SavedTensor>,
  dtype: FloatDtype = "F32",
): Promise<void> {
  const prefixed = new Map([...tensors].map(([name, tensor]) => [`${PEFT_PREFIX}${name}`, tensor]));
  await writeFolderAtomically(dir, async (tmp) => {
    await writeFile(
      join(tmp, "adapter_config.json"),
      `${JSON.stringify(adapterConfigJson(config), null, 2)}\n`,
    );
    await writeSafetensors(join(tmp, "adapter_model.safetensors"), prefixed, dtype);
    for (const [name, text] of Object.entries(config.files ?? {})) await writeFile(join(tmp, name), text);
  });
}

function adapterConfigJson(config: PeftSaveConfig): object {
  return {
    peft_type: "LORA",
    task_type: config.taskType,
    base_model_name_or_path: config.baseModel ?? null,
    r: config.r,
    lora_alpha: config.loraAlpha,
    target_modules:
      typeof config.targetModules === "string" ? config.targetModules : [...config.targetModules].sort(),
    ...(config.targetParameters?.length && { target_parameters: [...config.targetParameters].sort() }),
    modules_to_save: config.modulesToSave ?? null,
    lora_dropout: 0,
    bias: "none",
    fan_in_fan_out: config.fanInFanOut ?? false,
    use_dora: false,
    use_rslora: false,
    init_lora_weights: true,
    inference_mode: true,
  };
}

/** The tensors of a folder that its model has no place for: refused, or named where they have no part in it. */
import { PlumbError } from "../../base/errors.js";
import { architectureOf } from "../architectures/index.js";
import { storedName, storedNames } from "../architectures/names.js";
import type { ModelConfig } from "../config.js";
import type { WeightSource } from "../formats/weights.js";
import { expectedWeights } from "../weight-names.js";

/** Constants that older versions of transformers saved: masks, and rotary frequencies that follow from the base. */
const CONSTANTS = /(^|\.)(attn|attention)\.(bias|masked_bias)$|\.rotary_emb\.inv_freq$/;
/** Heads of other classes over the same model, such as TRL's value head. */
const OTHER_HEADS = /^(v_head|score|classifier)\./;

/**
 * What of a folder's tensors is left out, in words; undefined: nothing.
 *
 * @param files the folder's tensors, by the names in its files.
 * @throws PlumbError for a tensor that the model may need to compute what its author meant.
 */
export async function leftOutTensors(
  config: ModelConfig,
  files: WeightSource,
  source: string,
): Promise<string | undefined> {
  const used = new Set(
    [...expectedWeights(config).keys()].flatMap((name) => storedNames(config, files, name)),
  );
  const unused = files.names().filter((name) => !used.has(name) && !CONSTANTS.test(name));
  const { composite } = architectureOf(config);
  const [tower, others] = parted(unused, (name) => composite?.leftOut.tensors.test(name) ?? false);
  const [heads, rest] = parted(others, (name) => config.head === undefined && OTHER_HEADS.test(name));
  const strangers: string[] = [];
  for (const name of rest) if (!(await isHead(config, files, name))) strangers.push(name);
  if (strangers.length > 0) {
    const more = strangers.length > 1 ? ` (nor for ${strangers.length - 1} more)` : "";
    throw new PlumbError(
      `${source}: there is no place for the tensor ${strangers[0].slice(0, 128)} in a model of the type ${config.architecture}${more}.`,
      {
        hint: "The model would compute something else without it: config.json may lack a key, or be of another model.",
      },
    );
  }
  const what = [
    ...(tower.length > 0 ? [`${composite?.leftOut.what} (${tower.length} tensors)`] : []),
    ...(heads.length > 0 ? [heads.join(", ")] : []),
  ];
  return what.length > 0 ? `${what.join(" and ")}, with no part in the text model` : undefined;
}

const parted = (names: readonly string[], test: (name: string) => boolean): [string[], string[]] => [
  names.filter(test),
  names.filter((name) => !test(name)),
];

/** Whether a tensor is a language model's head that is not used: of a reward model, or tied and equal to the embedding. */
async function isHead(config: ModelConfig, files: WeightSource, name: string): Promise<boolean> {
  const untied = { ...config, head: undefined, tieWordEmbeddings: false };
  if (name !== storedName(untied, files, "lm_head.weight")) return false;
  if (config.head === "score") return true;
  const embedding = storedName(config, files, "model.embed_tokens.weight");
  if (embedding === undefined) return false;
  const [head, rows] = [await files.read(name), await files.read(embedding)];
  return head.length === rows.length && head.every((value, i) => value === rows[i]);
}

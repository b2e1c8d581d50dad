/**
 * What a PEFT adapter holds, read against a model: every tensor of the file has a place, and every module that the
 * configuration adapts has its tensors, or the adapter is refused by name.
 */

import { PlumbError } from "../base/errors.js";
import { type ExpertPlace, expertPlaces, expertUpdates, namesParameter } from "./adapter-experts.js";
import { type AdapterModule, adapterModules, moduleFinder, outsideText } from "./adapter-modules.js";
import { architectureOf } from "./architectures/index.js";
import { toOurLayout, toOurShape } from "./architectures/names.js";
import { transposed } from "./architectures/reorder.js";
import type { ModelConfig } from "./config.js";
import type { OpenWeights } from "./formats/weights.js";
import type { AdapterConfig } from "./load/adapter-config.js";
import { openPeftAdapter, ranksOf, targetsOf } from "./load/index.js";
import type { LowRank } from "./low-rank.js";

/** An adapter by our names and in our layouts. */
export interface AdapterParts {
  dir: string;
  config: AdapterConfig;
  /** Updates by module. */
  lowRank: ReadonlyMap<string, LowRank>;
  /** Weights that stand in place of the base's, by name. */
  replaced: ReadonlyMap<string, { shape: number[]; data: Float32Array }>;
  /** Rows that stand in place of the base's, by module: [ids, width]. */
  tokenRows: ReadonlyMap<string, { ids: readonly number[]; rows: Float32Array }>;
  /** Modules that were trained whole, of which peft makes a copy: what the base ties to them stays as it was. */
  saved: ReadonlySet<string>;
  warnings: readonly string[];
}

/** The tensors that peft writes for a module, by the ends of their names. */
const ENDS = {
  "lora_A.weight": "a",
  "lora_B.weight": "b",
  "lora_B.bias": "loraBias",
  lora_embedding_A: "embeddingA",
  lora_embedding_B: "embeddingB",
  lora_magnitude_vector: "magnitude",
  "lora_magnitude_vector.weight": "magnitude",
  "token_adapter.trainable_tokens_delta": "rows",
  "base_layer.weight": "baseWeight",
  "base_layer.bias": "baseBias",
  "modules_to_save.weight": "weight",
  "modules_to_save.bias": "bias",
  weight: "weight",
  bias: "bias",
} as const;
type Place = (typeof ENDS)[keyof typeof ENDS];
type Places = Partial<Record<Place, string>>;

/** Modules that peft adds to modules_to_save of every classifier, whether the model has them or not. */
const CLASSIFIER_HEADS = ["classifier", "score"];

/** Reads the adapter of a folder. @throws PlumbError, which names the tensor or key, if it does not fit the model. */
export async function readAdapterParts(dir: string, model: ModelConfig): Promise<AdapterParts> {
  const { config, weights, warnings } = await openPeftAdapter(dir);
  try {
    const modules = adapterModules(model, weights.names());
    const outside = outsideText(model, weights.names());
    const experts = expertPlaces(model, config, weights.names());
    const ofExperts = new Set(experts.flatMap(({ a, b }) => [a, b]));
    const found = placesOf(
      dir,
      modules,
      weights.names().filter((name) => !outside.includes(name) && !ofExperts.has(name)),
    );
    checkParameters(dir, model, config, modules, experts);
    const strangers = checkTargets(dir, config, modules, found, experts);
    const tensors = new Tensors(dir, model, weights, vocabularyOf(model, found, weights));
    const ranks = ranksOf(config, dir);
    const lowRank = await expertUpdates(dir, model, config, experts, weights, ranks);
    const [replaced, tokenRows] = [new Map(), new Map()];
    for (const [module, places] of found) {
      const { name } = module;
      if (isAdapted(places))
        lowRank.set(name, await tensors.lowRank(module, places, ranks(patternPath(config, module)), config));
      else if (places.magnitude ?? places.loraBias) throw tensors.stray(places.magnitude ?? places.loraBias);
      for (const [kind, ...stored] of [
        ["weight", places.weight, places.baseWeight],
        ["bias", places.bias, places.baseBias],
      ] as const) {
        const [one, other] = stored.filter((tensor) => tensor !== undefined);
        if (other !== undefined) throw tensors.stray(other);
        if (one !== undefined) replaced.set(`${name}.${kind}`, await tensors.whole(module, kind, one));
      }
      if (places.rows !== undefined)
        tokenRows.set(name, await tensors.rows(module, places.rows, tokenIdsOf(config, module)));
    }
    checkSaved(dir, config, modules, found, outside);
    checkTokenRows(dir, config, modules, tokenRows);
    const saved = new Set(modules.filter((one) => savedWhole(config, one)).map(({ name }) => name));
    const unmatched = strangers.map(
      (end) =>
        `${dir}: "target_modules" names ${JSON.stringify(end)}, which this model does not have; not used`,
    );
    const tower = architectureOf(model).composite?.leftOut.what;
    const left = `${dir}: ${outside.length} tensors of ${tower} are left out: they have no part in the text model`;
    const told = [...warnings, ...unmatched, ...(outside.length > 0 ? [left] : [])];
    return { dir, config, lowRank, replaced, tokenRows, saved, warnings: told };
  } finally {
    await weights.close();
  }
}

/** What the keys of patterns are compared with: a module's path, or a parameter's, where target_parameters names it. */
const patternPath = (config: AdapterConfig, { path }: AdapterModule): string =>
  namesParameter(config)(`${path}.weight`) ? `${path}.weight` : path;

const isAdapted = ({ a, b, embeddingA, embeddingB }: Places): boolean =>
  (a ?? b ?? embeddingA ?? embeddingB) !== undefined;

/** Every tensor of the file by its module and place. @throws PlumbError for one that has none. */
function placesOf(
  dir: string,
  modules: readonly AdapterModule[],
  tensors: readonly string[],
): Map<AdapterModule, Places> {
  const find = moduleFinder(modules);
  const ends = Object.entries(ENDS);
  const found = new Map<AdapterModule, Places>();
  for (const name of tensors) {
    const fitting = ends.flatMap(([end, place]) => {
      const module = name.endsWith(`.${end}`) ? find(name.slice(0, -end.length - 1)) : undefined;
      return module ? [{ module, place }] : [];
    });
    const [one] = fitting;
    if (!one) {
      throw new PlumbError(
        `${dir}: the tensor ${name} belongs to nothing that this model and PEFT's LoRA have.`,
        {
          hint: "The adapter is of another base model, or of a kind that is not supported.",
        },
      );
    }
    const places = found.get(one.module) ?? {};
    if (places[one.place] !== undefined)
      throw new PlumbError(`${dir}: ${name} and ${places[one.place]} are the same tensor.`);
    places[one.place] = name;
    found.set(one.module, places);
  }
  return found;
}

/** @throws PlumbError for a name in target_parameters that is nothing here, or is stored in a layout that peft does not know. */
function checkParameters(
  dir: string,
  model: ModelConfig,
  config: AdapterConfig,
  modules: readonly AdapterModule[],
  experts: readonly ExpertPlace[],
): void {
  const known = [
    ...modules
      .filter(({ kind }) => kind === "block-linear" || kind === "head")
      .map(({ path }) => `${path}.weight`),
    ...experts.filter(({ single }) => single === undefined).map(({ path }) => path),
  ];
  const transposed = Object.values(architectureOf(model).names?.layouts ?? {}).includes("transposed");
  for (const name of config.target_parameters ?? []) {
    const means = namesParameter({ target_parameters: [name] });
    if (!transposed && known.some(means)) continue;
    throw new PlumbError(
      `${dir}: "target_parameters" names ${JSON.stringify(name.slice(0, 64))}, which is not a weight that an adapter can change here.`,
      {
        hint: `Weights of linear layers and heads can be named${experts.length > 0 ? ", and experts.gate_up_proj and experts.down_proj" : ""}. Merge the adapter in peft, and use the merged model.`,
      },
    );
  }
}

/**
 * Compares the modules that the configuration adapts with those of the file. @returns targets that fit no module.
 *
 * @throws PlumbError if they differ: peft would pass over a tensor, or begin a module anew.
 */
function checkTargets(
  dir: string,
  config: AdapterConfig,
  modules: readonly AdapterModule[],
  found: ReadonlyMap<AdapterModule, Places>,
  experts: readonly ExpertPlace[],
): string[] {
  const classifier = config.task_type === "SEQ_CLS";
  const parameter = namesParameter(config);
  const adaptable = modules
    .filter(({ kind, name }) => kind !== "other" && (name !== "score" || classifier))
    .map((module) => {
      const has = isAdapted(found.get(module) ?? {});
      // Transformers 5 has routers that are no linear layers.
      const linear = module.kind === "block-linear" && (has || !module.name.endsWith(".router"));
      const tied = config.ensure_weight_tying === true && module.name === "lm_head" && has;
      const named = tied || parameter(`${module.path}.weight`);
      return { path: module.path, modules: spellings(module), has, linear, named };
    });
  for (const { path, single, a, b } of experts) {
    const has = (a ?? b) !== undefined;
    // All experts' weights are parameters, which target_modules does not mean.
    if (single === undefined)
      adaptable.push({ path, modules: [], has, linear: false, named: parameter(path) });
    else adaptable.push({ path, modules: [path], has, linear: has, named: false });
  }
  const { targeted, strangers } = targetsOf(
    config,
    adaptable.flatMap(({ modules, linear }) => modules.map((path) => ({ path, linear }))),
    dir,
  );
  let count = 0;
  for (const { path, modules, has, named } of adaptable) {
    const wanted = named || modules.some(targeted);
    if (wanted) count++;
    if (wanted && !has) throw new PlumbError(`${dir}: the adapter lacks ${path}.lora_A.weight`);
    if (has && !wanted) {
      throw new PlumbError(
        `${dir}: the file adapts ${path}, which adapter_config.json does not (target_modules, target_parameters, ` +
          "exclude_modules, layers_to_transform, modules_to_save).",
        { hint: "peft would pass over these tensors. Files of two adapters may have been mixed up." },
      );
    }
  }
  if (count === 0) {
    const known = [...new Set(adaptable.map(({ path }) => path.replace(/^.*\./, "")))].join(", ");
    throw new PlumbError(`${dir}: "target_modules" names no linear layer of this model`, {
      hint: `Known layers: ${known}.`,
    });
  }
  return strangers;
}

/** peft takes the modules whose path ends in one of the names, and what is inside them. */
const savedWhole = ({ modules_to_save: names }: AdapterConfig, module: AdapterModule): boolean =>
  (names ?? []).some((name) =>
    spellings(module).some((path) => {
      const steps = path.split(".");
      return steps.some((_, n) =>
        steps
          .slice(0, n + 1)
          .join(".")
          .endsWith(name),
      );
    }),
  );

/** A module's path, and for an output head the name that all of transformers' models give it today. */
const spellings = ({ path, name }: AdapterModule): string[] => (name === "lm_head" ? [path, name] : [path]);

/** @throws PlumbError if a module of modules_to_save is not in the file, or not in the model. */
function checkSaved(
  dir: string,
  config: AdapterConfig,
  modules: readonly AdapterModule[],
  found: ReadonlyMap<AdapterModule, Places>,
  outside: readonly string[],
): void {
  for (const name of config.modules_to_save ?? []) {
    const named = modules.filter((one) => savedWhole({ ...config, modules_to_save: [name] }, one));
    if (CLASSIFIER_HEADS.includes(name) && named.every((one) => !found.has(one))) continue;
    const lacking = named.find((one) => found.get(one)?.weight === undefined);
    if (lacking)
      throw new PlumbError(`${dir}: the adapter lacks ${lacking.path}.weight, which modules_to_save names`);
    if (named.length > 0 || outside.some((tensor) => tensor.includes(`${name}.`))) continue;
    throw new PlumbError(
      `${dir}: "modules_to_save" names ${JSON.stringify(name)}, which this model does not have.`,
    );
  }
}

/** Ids of the trained rows of an embedding or head; a plain list is of the input embedding. */
function tokenIdsOf(
  { trainable_token_indices: given }: AdapterConfig,
  module: AdapterModule,
): readonly number[] {
  if (Array.isArray(given)) return module.name === "model.embed_tokens" ? given : [];
  const key = Object.keys(given ?? {}).find((end) => module.path === end || module.path.endsWith(`.${end}`));
  return key === undefined ? [] : ((given as Record<string, number[]>)[key] ?? []);
}

/** @throws PlumbError if rows that the configuration trained are not in the file. */
function checkTokenRows(
  dir: string,
  config: AdapterConfig,
  modules: readonly AdapterModule[],
  rows: ReadonlyMap<string, unknown>,
): void {
  const lacking = modules.find((one) => tokenIdsOf(config, one).length > 0 && !rows.has(one.name));
  const tied = lacking?.name === "lm_head" && rows.has("model.embed_tokens");
  if (lacking && !tied)
    throw new PlumbError(`${dir}: the adapter lacks ${lacking.path}.token_adapter.trainable_tokens_delta`);
}

/** Rows of the embedding in the file, if it holds one: a vocabulary that tokens were added to, or the model's. */
function vocabularyOf(
  model: ModelConfig,
  found: ReadonlyMap<AdapterModule, Places>,
  weights: OpenWeights,
): number {
  for (const [{ name }, { weight, baseWeight }] of found) {
    const stored = name === "model.embed_tokens" ? (weight ?? baseWeight) : undefined;
    if (stored !== undefined) return weights.shape(stored)[0] ?? model.vocabSize;
  }
  return model.vocabSize;
}

/** Reads tensors of the file, whose shapes are checked against the model's first. */
class Tensors {
  constructor(
    private readonly dir: string,
    private readonly model: ModelConfig,
    private readonly weights: OpenWeights,
    private readonly vocabulary: number,
  ) {}

  stray(tensor: string | undefined): PlumbError {
    return new PlumbError(`${this.dir}: nothing uses the tensor ${tensor}.`);
  }

  /** The shape of a module's weight, with the adapter's vocabulary. */
  shapeOf({ name, shape }: AdapterModule): readonly number[] {
    const rows = name === "model.embed_tokens" || name === "lm_head";
    return rows ? [this.vocabulary, shape[1]] : shape;
  }

  /** A whole weight or bias. */
  async whole(module: AdapterModule, kind: "weight" | "bias", stored: string) {
    const shape = [...this.shapeOf(module)].slice(0, kind === "bias" ? 1 : 2);
    return { shape, data: await this.read(stored, `${module.name}.${kind}`, shape) };
  }

  async rows(module: AdapterModule, stored: string, ids: readonly number[]) {
    const [count, width] = this.shapeOf(module);
    const beyond = ids.find((id) => id >= count);
    if (beyond !== undefined || new Set(ids).size < ids.length) {
      const fault = beyond === undefined ? "names a token twice" : `names the token ${beyond} of ${count}`;
      throw new PlumbError(`${this.dir}: "trainable_token_indices" ${fault}.`);
    }
    return { ids, rows: await this.read(stored, `${module.name}.rows`, [ids.length, width]) };
  }

  async lowRank(
    module: AdapterModule,
    places: Places,
    { r, scale }: { r: number; scale: number },
    { use_dora: dora }: AdapterConfig,
  ): Promise<LowRank> {
    const { name, path, kind } = module;
    const [out, input] = this.shapeOf(module);
    const embedding = kind === "embedding";
    const [a, b] = embedding ? [places.embeddingA, places.embeddingB] : [places.a, places.b];
    const stray = embedding ? (places.a ?? places.b) : (places.embeddingA ?? places.embeddingB);
    if (stray !== undefined) throw this.stray(stray);
    const need = (tensor: string | undefined, end: string): string => {
      if (tensor !== undefined) return tensor;
      throw new PlumbError(`${this.dir}: the adapter lacks ${path}.${end}`);
    };
    if (!dora && places.magnitude !== undefined) throw this.stray(places.magnitude);
    if (kind !== "block-linear" && places.loraBias !== undefined) throw this.stray(places.loraBias);
    const magnitude = dora ? need(places.magnitude, "lora_magnitude_vector") : undefined;
    const ends = embedding ? ["lora_embedding_A", "lora_embedding_B"] : ["lora_A.weight", "lora_B.weight"];
    // An embedding's update is (B A)^T: B [width, r], A [r, rows].
    const [left, right] = embedding ? [input, out] : [out, input];
    const A = await this.read(need(a, ends[0]), `${name}.lora_A.weight`, [r, right]);
    const B = await this.read(need(b, ends[1]), `${name}.lora_B.weight`, [left, r]);
    return {
      ...{ r, scale },
      ...(embedding ? { a: transposed(B, input, r), b: transposed(A, r, out) } : { a: A, b: B }),
      ...(magnitude !== undefined && { magnitude: await this.read(magnitude, `${name}.bias`, [left]) }),
      ...(places.loraBias !== undefined && { bias: await this.read(places.loraBias, `${name}.bias`, [out]) }),
    };
  }

  /** @param name by our names: it decides the layout. @param shape as we have it. */
  private async read(stored: string, name: string, shape: readonly number[]): Promise<Float32Array> {
    const found = this.weights.shape(stored);
    const own = toOurShape(this.model, name, found);
    if (own.join() !== shape.join()) {
      throw new PlumbError(
        `${this.dir}: ${stored} is [${own.join(", ")}], this model and rank need [${shape.join(", ")}]`,
        { hint: "The adapter belongs to another base model." },
      );
    }
    return toOurLayout(this.model, name, await this.weights.read(stored), found);
  }
}

/** [rows, columns] to [columns, rows]. */

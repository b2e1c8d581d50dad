import type { Json } from "../artifacts/index.js";
import { canonicalJson } from "../base/canonical-json.js";
import { sha256 } from "../base/sha256.js";

/** Everything that a stage's result depends on. */
export interface StageOrigin {
  stage: string;
  /** Digest of the stage's code. */
  code: string;
  config: Json;
  /** Keys of the inputs, by the input's name. */
  inputs: Record<string, string>;
}

export const stageKey = ({ stage, code, config, inputs }: StageOrigin): string =>
  sha256(canonicalJson({ stage, code, config, inputs }));

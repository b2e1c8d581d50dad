import { createHash } from "node:crypto";
import type { Json } from "../artifacts/index.js";
import { canonicalJson } from "../feedback/store/audit/canonical-json.js";

/** SHA-256 in hexadecimal. */
export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** What a stage's result follows from. */
export interface StageOrigin {
  stage: string;
  /** Digest of its code. */
  code: string;
  config: Json;
  /** Keys of its inputs. */
  inputs: Record<string, string>;
}

export const stageKey = ({ stage, code, config, inputs }: StageOrigin): string =>
  sha256(canonicalJson({ stage, code, config, inputs }));

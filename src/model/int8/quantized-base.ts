import type { Weights } from "../network.js";

/** The error of a quantised base relative to the exact one, on some text. */
export interface BaseError {
  tokens: number;
  /** Mean KL(exact || quantised) over positions, in nats: of the next token or, with a scalar head, of a preference. */
  klPerToken: number;
  /** Share of positions where both bases find the same token, or the same side of a preference, most likely. */
  sameTop: number;
  /**
   * Cosine between the gradients of a LoRA adapter on the two bases, over all of the text together; undefined if the
   * base is not for differentiation.
   */
  gradientCosine?: number;
}

/** A base in 8 bits, with its error. */
export interface QuantizedBase {
  weights: Weights;
  /** Measured on text that was not used for calibration. */
  error: BaseError;
  /** Weights whose products round activations to 16 bits. */
  int16: string[];
  /** Token ids of the text for calibration and measurement: the same rows and limit give the same base again. */
  rows: readonly (readonly number[])[];
}

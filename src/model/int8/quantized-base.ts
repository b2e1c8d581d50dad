import type { Weights } from "../network.js";

/** How far a quantised base is from the exact one, on some text. */
export interface BaseError {
  tokens: number;
  /** KL(exact || quantised), nats, mean over positions: of the next token or, with a scalar head, of a preference. */
  klPerToken: number;
  /** Share of positions where both find the same token, or the same side of a preference, likeliest. */
  sameTop: number;
  /**
   * Cosine between the gradients of a LoRA adapter on either base, of all the text together; absent where the base is not
   * differentiated.
   */
  gradientCosine?: number;
}

/** A base in 8 bits and what it costs in exactness. */
export interface QuantizedBase {
  weights: Weights;
  /** Measured on text that was not calibrated on. */
  error: BaseError;
  /** Weights whose products round activations to 16 bits. */
  int16: string[];
  /** The text it was calibrated on and measured on, token ids: the same rows and limit make the same base again. */
  rows: readonly (readonly number[])[];
}

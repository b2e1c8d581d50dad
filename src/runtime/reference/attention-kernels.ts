/** Rotary embedding and attention over a cache, as defined in src/tensor/ops/attention.ts. */
import type { Node } from "../../tensor/index.js";
import { filled, numberAt, type Values } from "./array.js";

/**
 * A head's vector rotated by a position: (x1, x2) -> (x1 cos - x2 sin, x1 sin + x2 cos). Elements beyond the tables
 * stay.
 */
function turned(x: Float64Array, position: number, cos: Values, sin: Values): Float64Array {
  const half = cos.shape[1];
  const out = Float64Array.from(x);
  for (let i = 0; i < half; i++) {
    const [c, s] = [numberAt(cos, position * half + i), numberAt(sin, position * half + i)];
    out[i] = x[i] * c - x[half + i] * s;
    out[half + i] = x[i] * s + x[half + i] * c;
  }
  return out;
}

/** x [B, H, T, D], positions [B, T]. */
export function rotary(_node: Node, [x, positions, cos, sin]: readonly Values[]): Values[] {
  const [, H, T, D] = x.shape;
  const result = new Float64Array(x.data.length);
  for (let row = 0; row < x.data.length / D; row++) {
    const [b, t] = [Math.floor(row / (H * T)), row % T];
    const vector = Float64Array.from({ length: D }, (_, i) => numberAt(x, row * D + i));
    result.set(turned(vector, numberAt(positions, b * T + t), cos, sin), row * D);
  }
  return [filled("f32", x.shape, (i) => result[i])];
}

/**
 * q [B, T, H D]; k, v [B, T, KV D]; caches [B, KV, S, D]. In a step, each row's token goes to `lastIndex`; otherwise
 * the T tokens of all rows end at `longest`.
 */
export function cachedAttention(node: Node<"cachedAttention">, inputs: readonly Values[]): Values[] {
  const sinks = node.attributes.sinks ? inputs[inputs.length - 1] : undefined;
  const [q, k, v, pastKey, pastValue, lastIndex, longest, cos, sin] = sinks ? inputs.slice(0, -1) : inputs;
  const { heads, kvHeads, slidingWindow, scale, softCap } = node.attributes;
  const [B, T] = q.shape;
  const [, , S, D] = pastKey.shape;
  const keys = Float64Array.from({ length: pastKey.data.length }, (_, i) => numberAt(pastKey, i));
  const values = Float64Array.from({ length: pastValue.data.length }, (_, i) => numberAt(pastValue, i));
  const out = new Float64Array(B * T * heads * D);
  const first = numberAt(longest, 0) - T;
  for (let b = 0; b < B; b++) {
    // Position of this row's first new token: in a step that of its only one; otherwise the same in all rows.
    const start = T === 1 ? numberAt(lastIndex, b) : Math.max(0, first);
    const vector = (from: Values, t: number, h: number, count: number): Float64Array =>
      Float64Array.from({ length: D }, (_, i) => numberAt(from, ((b * T + t) * count + h) * D + i));
    const atPosition = (x: Float64Array, t: number) => (cos && sin ? turned(x, start + t, cos, sin) : x);
    for (let t = 0; t < T; t++)
      for (let h = 0; h < kvHeads; h++) {
        const place = ((b * kvHeads + h) * S + start + t) * D;
        keys.set(atPosition(vector(k, t, h, kvHeads), t), place);
        values.set(vector(v, t, h, kvHeads), place);
      }
    for (let t = 0; t < T; t++)
      for (let h = 0; h < heads; h++) {
        const query = atPosition(vector(q, t, h, heads), t);
        const head = (b * kvHeads + Math.floor((h * kvHeads) / heads)) * S;
        const last = start + t;
        const earliest = slidingWindow > 0 ? Math.max(0, last - slidingWindow + 1) : 0;
        const scores: number[] = [];
        for (let s = earliest; s <= last; s++) {
          let score = 0;
          for (let i = 0; i < D; i++) score += query[i] * keys[(head + s) * D + i];
          score *= scale ?? 1 / Math.sqrt(D);
          scores.push(softCap === undefined ? score : softCap * Math.tanh(score / softCap));
        }
        const sink = sinks ? numberAt(sinks, h) : Number.NEGATIVE_INFINITY;
        const top = Math.max(...scores, sink);
        const weights = scores.map((score) => Math.exp(score - top));
        const total = weights.reduce((a, w) => a + w, Math.exp(sink - top));
        for (const [j, weight] of weights.entries())
          for (let i = 0; i < D; i++)
            out[((b * T + t) * heads + h) * D + i] +=
              (weight / total) * values[(head + earliest + j) * D + i];
      }
  }
  return [
    filled("f32", q.shape, (i) => out[i]),
    filled("f32", pastKey.shape, (i) => keys[i]),
    filled("f32", pastValue.shape, (i) => values[i]),
  ];
}

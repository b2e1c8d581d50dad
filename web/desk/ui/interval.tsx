import { type Estimate, useFormat } from "./format.js";

/** A share in [0, 1] with its interval, as a number and as a mark on a line from 0 to 1. */
export function ShareMark({ value, reference }: { value: Estimate | null; reference?: number }) {
  const format = useFormat();
  if (value === null) return <span class="quiet">–</span>;
  const [low, high, at] = [value.low, value.high, value.estimate].map(
    (share) => 100 * Math.min(1, Math.max(0, share)),
  );
  return (
    <span class="share">
      <span>{format.percent(value.estimate)}</span>
      <svg class="share-mark" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
        <line class="share-axis" x1="0" x2="100" y1="6" y2="6" />
        {reference !== undefined && (
          <line class="share-reference" x1={100 * reference} x2={100 * reference} y1="0" y2="12" />
        )}
        <line class="share-range" x1={low} x2={high} y1="6" y2="6" />
        <rect class="share-point" x={at - 1.5} y="1" width="3" height="10" />
      </svg>
      <span class="share-note">
        {format.percent(value.low)}–{format.percent(value.high)}, n {format.count(value.n)}
      </span>
    </span>
  );
}

/** What every template may use, as transformers provides it (utils/chat_template_utils.py), with bounds. */
import { PlumbError } from "../../base/errors.js";
import { strftime } from "./strftime.js";

/** Longest list that a template's `range` may return. */
const MAX_TEMPLATE_RANGE = 10_000;
/**
 * The day that templates are told, unless another is set: a run can then be repeated on another day. It is the one that
 * Llama 3.2's own template falls back on.
 */
export const DEFAULT_TEMPLATE_DATE = "2024-07-26";

/** Functions and constants of templates; `day` is what `strftime_now` writes. */
export const templateGlobals = (day: string): Record<string, unknown> => ({
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: boundedRange,
  strftime_now: (format: unknown) => strftime(day, String(format)),
  raise_exception: (message: unknown) => {
    throw new PlumbError(`The chat template refuses this conversation: ${String(message)}`);
  },
});

/** Jinja's range(stop) and range(start, stop, step), bounded, because templates come with untrusted models. */
function boundedRange(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (!(length <= MAX_TEMPLATE_RANGE)) {
    throw new PlumbError(
      `The chat template asks for a range of ${length}; at most ${MAX_TEMPLATE_RANGE} is allowed.`,
    );
  }
  return Array.from({ length }, (_, i) => from + i * step);
}

import type { Project } from "../feedback/store/index.js";

/** A project as an answer tells it: without its seed, and for raters, whatever their role elsewhere, without its settings, which say how gold items and repeats are mixed in. */
export function shownProject({ seed: _seed, settings, ...rest }: Project, staff: boolean) {
  return { ...rest, ...(staff && { settings }) };
}

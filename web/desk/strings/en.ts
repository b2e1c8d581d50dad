/** Every word of the lead's pages. Another language has the same keys; the type says so. */
import { analysis } from "./en/analysis.js";
import { begin } from "./en/begin.js";
import { fields } from "./en/fields.js";
import { people } from "./en/people.js";
import { project } from "./en/project.js";
import { site } from "./en/site.js";
import { verbs } from "./en/verbs.js";

export const en = { ...site, ...project, ...people, ...analysis, ...begin, ...verbs, fields };

type Widened<T> = T extends string
  ? string
  : T extends (...given: infer G) => string
    ? (...given: G) => string
    : { readonly [K in keyof T]: Widened<T[K]> };
export type DeskStrings = Widened<typeof en>;

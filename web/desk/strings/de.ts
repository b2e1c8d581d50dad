/** The lead's pages in German. */
import { analysis } from "./de/analysis.js";
import { begin } from "./de/begin.js";
import { fields } from "./de/fields.js";
import { people } from "./de/people.js";
import { project } from "./de/project.js";
import { site } from "./de/site.js";
import { verbs } from "./de/verbs.js";
import type { DeskStrings } from "./en.js";

export const de: DeskStrings = { ...site, ...project, ...people, ...analysis, ...begin, ...verbs, fields };

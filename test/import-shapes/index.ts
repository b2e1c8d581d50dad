import { LABELLING_TOOLS } from "./labelling-tools.js";
import { OWN_TABLES } from "./own-tables.js";
import { ARENAS, TRAINING_DATA } from "./published-sets.js";
import type { Shape } from "./shape.js";

export type { Shape } from "./shape.js";

/** Files as people have them. */
export const SHAPES: readonly Shape[] = [...OWN_TABLES, ...LABELLING_TOOLS, ...ARENAS, ...TRAINING_DATA];

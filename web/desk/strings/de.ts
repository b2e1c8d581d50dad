import type { DeskStrings } from "./en.js";
import { en } from "./en.js";
export const de: DeskStrings = en;

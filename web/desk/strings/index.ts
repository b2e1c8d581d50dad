/** The words of the lead's pages, in the language that was chosen for all pages. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Language } from "../../strings/index.js";
import { type DeskStrings, en } from "./en.js";

export async function loadDeskStrings(language: Language): Promise<DeskStrings> {
  return language === "de" ? (await import("./de.js")).de : en;
}

export const DeskStringsContext = createContext<DeskStrings>(en);
export const useDesk = (): DeskStrings => useContext(DeskStringsContext);
export type { DeskStrings };

/** The words of the pages in the language that was chosen; languages but English are loaded when they are wanted. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en, type Strings } from "./en.js";

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

export async function loadStrings(language: Language): Promise<Strings> {
  return language === "de" ? (await import("./de.js")).de : en;
}

/** The first of the browser's languages that there is. */
export function browserLanguage(): Language {
  const wanted = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return LANGUAGES.find((language) => wanted[0] === language) ?? "en";
}

export const StringsContext = createContext<Strings>(en);
export const useStrings = (): Strings => useContext(StringsContext);
export type { Strings };

/** How a person wants the pages to look; stored by the browser for all pages. */
import { store, stored } from "./storage.js";
import { browserLanguage, LANGUAGES, type Language } from "./strings/index.js";

export const THEMES = ["system", "light", "dark"] as const;
export const SIZES = ["small", "normal", "large"] as const;

export interface Preferences {
  theme: (typeof THEMES)[number];
  size: (typeof SIZES)[number];
  language: Language;
}

const KEY = "preferences";

export function loadPreferences(): Preferences {
  const kept = stored<Partial<Preferences>>(KEY) ?? {};
  return {
    theme: THEMES.find((theme) => theme === kept.theme) ?? "system",
    size: SIZES.find((size) => size === kept.size) ?? "normal",
    language: LANGUAGES.find((language) => language === kept.language) ?? browserLanguage(),
  };
}

/** Stores them and sets them on the page, where the style sheet reads them. */
export function applyPreferences(preferences: Preferences): void {
  store(KEY, preferences);
  const root = document.documentElement;
  root.dataset.theme = preferences.theme;
  root.dataset.size = preferences.size;
  root.lang = preferences.language;
}

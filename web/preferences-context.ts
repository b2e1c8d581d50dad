import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Preferences } from "./preferences.js";

interface PreferencesState {
  preferences: Preferences;
  change(changed: Partial<Preferences>): void;
}

export const PreferencesContext = createContext<PreferencesState | undefined>(undefined);

export function usePreferences(): PreferencesState {
  const state = useContext(PreferencesContext);
  if (state === undefined) throw new Error("usePreferences outside of the application");
  return state;
}

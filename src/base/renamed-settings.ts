/** Renamed settings: old name to new. An old name is refused with a message that gives the new one. */
export const RENAMED_SETTINGS: ReadonlyMap<string, string> = new Map([
  ["epochKlLimit", "targetKl"],
  ["warmupShare", "warmupRatio"],
  ["mostShare", "maxShare"],
  ["klTarget", "adaptiveKlTarget"],
]);

/** Settings that had another name once: old name to new. An old one is refused with the new one in the message. */
export const RENAMED_SETTINGS: ReadonlyMap<string, string> = new Map([
  ["epochKlLimit", "targetKl"],
  ["warmupShare", "warmupRatio"],
  ["mostShare", "maxShare"],
  ["klTarget", "adaptiveKlTarget"],
]);

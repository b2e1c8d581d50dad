/** Shortcuts as they are printed: as this keyboard shows the key, where the browser tells (Chromium over HTTPS). */
import { useEffect, useState } from "preact/hooks";
import { placeOf } from "./keys.js";

/** What each key types, by its place. */
export type Layout = ReadonlyMap<string, string>;

const SIGNS: Readonly<Record<string, string>> = {
  Enter: "↵",
  " ": "␣",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/**
 * A shortcut as it is printed. A key that types it has its name; where no key does without Shift, the one in its place
 * has the name of what that types.
 */
export function keyName(shortcut: string, layout?: Layout): string {
  const sign = SIGNS[shortcut];
  if (sign !== undefined) return sign;
  const typed = layout === undefined || [...layout.values()].some((key) => key.toLowerCase() === shortcut);
  const shown = typed ? shortcut : (layout.get(placeOf(shortcut) ?? "") ?? shortcut);
  return shown.toUpperCase();
}

let known: Promise<Layout | undefined> | undefined;

/** Asks the browser once; undefined where it does not tell. */
function layout(): Promise<Layout | undefined> {
  const { keyboard } = navigator as { keyboard?: { getLayoutMap?(): Promise<Layout> } };
  known ??= Promise.resolve(keyboard?.getLayoutMap?.()).catch(() => undefined);
  return known;
}

/** Names shortcuts; the page is drawn anew once the browser has told the keyboard's layout. */
export function useKeyName(): (shortcut: string) => string {
  const [told, setTold] = useState<Layout>();
  useEffect(() => {
    layout().then(setTold);
  }, []);
  return (shortcut) => keyName(shortcut, told);
}

import { useEffect, useRef } from "preact/hooks";
import { shortcutOf, takesText } from "../ui/keys.js";
import { holderOf, type Keymap } from "./keymap.js";

/** Keys while there is no item, which otherwise takes them. @param on whether there is none. */
export function useIdleKeys(
  on: boolean,
  keymap: Keymap,
  acts: Readonly<Record<string, (() => void) | undefined>>,
): void {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    if (!on) return undefined;
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || document.querySelector("dialog[open]")) return;
      if (takesText(event.target)) return;
      const key = shortcutOf(event, (one) => holderOf(keymap, one) !== undefined);
      const act = key === undefined ? undefined : latest.current[holderOf(keymap, key) ?? ""];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [on, keymap]);
}

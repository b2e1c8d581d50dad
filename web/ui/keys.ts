/**
 * Keys as shortcuts on every keyboard. A key counts by what it types; where that is no shortcut, and the keyboard types
 * other letters or other signs above the digits, by its place: by what the same key types on a US keyboard.
 */

type Pressed = Pick<
  KeyboardEvent,
  "key" | "code" | "keyCode" | "isComposing" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"
> & { getModifierState?(key: string): boolean };

/** Keys that belong to the browser, or that only change what others type. */
const NO_SHORTCUTS = ["Shift", "Tab", "Escape", "Backspace", "Dead", "Process", "Unidentified"];

/** Whether the key goes to an input method, which makes characters of several keys. */
export const composing = ({ isComposing, keyCode }: Pressed): boolean => isComposing || keyCode === 229;

/** What a key types, in lower case; undefined for anything but a single key, without modifiers, that types or acts. */
export function typedKey(event: Pressed): string | undefined {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (composing(event) || ctrlKey || metaKey || altKey || event.getModifierState?.("AltGraph"))
    return undefined;
  // Signs such as ? need Shift on many keyboards, and digits on some; letters do not.
  if (NO_SHORTCUTS.includes(key) || (shiftKey && /^\p{L}/u.test(key) && key.length === 1)) return undefined;
  return key.length === 1 ? key.toLowerCase() : key;
}

/** What the key types on a US keyboard, if this keyboard types neither a digit nor a Latin letter with it. */
export function placedKey({ key, code, shiftKey }: Pressed): string | undefined {
  const other = /[^\x20-\x7e]/.test(key) && !/^\p{Script=Latin}/u.test(key);
  if (shiftKey) return code === "Slash" && other ? "?" : undefined;
  const [, digit] = /^(?:Digit|Numpad)(\d)$/.exec(code) ?? [];
  if (digit !== undefined) return digit;
  const [, letter] = /^Key([A-Z])$/.exec(code) ?? [];
  return letter !== undefined && other ? letter.toLowerCase() : undefined;
}

/** The shortcut that a key is: of those that `known` accepts, the one that it types, else the one in its place. */
export function shortcutOf(event: Pressed, known: (key: string) => boolean): string | undefined {
  const typed = typedKey(event);
  if (typed === undefined || known(typed)) return typed;
  const placed = placedKey(event);
  return placed !== undefined && known(placed) ? placed : undefined;
}

/** Where a shortcut lies on a US keyboard, by the name of the key's place. */
export function placeOf(shortcut: string): string | undefined {
  if (/^\d$/.test(shortcut)) return `Digit${shortcut}`;
  return /^[a-z]$/.test(shortcut) ? `Key${shortcut.toUpperCase()}` : undefined;
}

/** Whether what is typed there is text, or chooses among options. */
export const takesText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])"));

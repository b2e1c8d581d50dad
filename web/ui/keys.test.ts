import { expect, it } from "vitest";
import { TaskDefinition } from "../../src/votes/tasks/index.js";
import { defaultKeymap, holderOf } from "../rater/keymap.js";
import { keyName, type Layout } from "./key-names.js";
import { placedKey, shortcutOf, typedKey } from "./keys.js";

const keymap = defaultKeymap(TaskDefinition.parse({ kind: "pairwise" }));
const pressed = (key: string, code: string, more: object = {}) => ({
  key,
  code,
  keyCode: 0,
  isComposing: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});
const actionOf = (key: string, code: string, more: object = {}) => {
  const shortcut = shortcutOf(pressed(key, code, more), (known) => holderOf(keymap, known) !== undefined);
  return shortcut && holderOf(keymap, shortcut);
};
const first = holderOf(keymap, "1");

it.each([
  ["US", "1", "Digit1"],
  ["AZERTY", "&", "Digit1"],
  ["Czech", "+", "Digit1"],
  ["Arabic", "١", "Digit1"],
  ["Persian", "۱", "Digit1"],
  ["Devanagari", "१", "Digit1"],
  ["a number pad in Persian", "۱", "Numpad1"],
])("the first digit on %s is the first verdict", (_, key, code) => {
  expect(actionOf(key, code)).toBe(first);
});

it.each([
  ["Russian", "ч"],
  ["Greek", "χ"],
  ["Hebrew", "ס"],
  ["Arabic", "ء"],
  ["Hindi", "ॉ"],
  ["US with the lock on", "X"],
])("skip on %s, and Ctrl+Z by its place", (_, key) => {
  expect(actionOf(key, "KeyX")).toBe("skip");
  expect(placedKey(pressed("я", "KeyZ", { ctrlKey: true }))).toBe("z");
});

it("two letters on one key count by its place, and question marks of other scripts open the keys", () => {
  expect(actionOf("لا", "KeyB")).toBe("bookmark");
  expect(actionOf("؟", "Slash", { shiftKey: true })).toBe("keys");
  expect(actionOf("?", "Digit7", { shiftKey: true })).toBe("keys");
  expect(actionOf("!", "Slash")).toBe("help");
});

it("a keyboard of Latin letters is taken by its word: the place counts for digits alone", () => {
  // Dvorak and AZERTY: other keys lie in the places of z, x and q.
  for (const [key, code] of [
    [";", "KeyZ"],
    ["q", "KeyX"],
    ["a", "KeyQ"],
    ["ğ", "KeyX"],
    ["ö", "Semicolon"],
    ["@", "KeyX"],
  ])
    expect(placedKey(pressed(key, code)), `${key} ${code}`).toBeUndefined();
  expect(actionOf("x", "KeyB")).toBe("skip");
});

it("nothing happens with modifiers, or while an input method composes", () => {
  for (const more of [
    { ctrlKey: true },
    { metaKey: true },
    { altKey: true },
    { isComposing: true },
    { keyCode: 229 },
    { getModifierState: (key: string) => key === "AltGraph" },
  ]) {
    expect(actionOf("1", "Digit1", more)).toBeUndefined();
    expect(actionOf("ч", "KeyX", more)).toBeUndefined();
  }
  expect(actionOf("X", "KeyX", { shiftKey: true })).toBeUndefined();
  expect(actionOf("Ч", "KeyX", { shiftKey: true })).toBeUndefined();
  // Shift and 2 on a US keyboard; on AZERTY they type the digit.
  expect(actionOf("@", "Digit2", { shiftKey: true })).toBeUndefined();
  expect(actionOf("1", "Digit1", { shiftKey: true })).toBe(first);
  expect(actionOf("Process", "KeyX")).toBeUndefined();
  expect(actionOf("Dead", "KeyX")).toBeUndefined();
  expect(typedKey(pressed("Enter", "Enter"))).toBe("Enter");
});

it("keys are printed as this keyboard shows them", () => {
  const azerty: Layout = new Map([
    ...([
      ["Digit1", "&"],
      ["KeyQ", "a"],
      ["KeyA", "q"],
      ["KeyX", "x"],
      ["Slash", "!"],
    ] as const),
  ]);
  expect(keyName("1", azerty)).toBe("&");
  expect(keyName("q", azerty)).toBe("Q");
  expect(keyName("x", azerty)).toBe("X");
  expect(keyName("!", azerty)).toBe("!");
  expect(keyName("?", azerty)).toBe("?");
  expect(keyName("Enter", azerty)).toBe("↵");
  const greek: Layout = new Map([
    ["Digit1", "1"],
    ["KeyX", "χ"],
  ]);
  expect(keyName("x", greek)).toBe("Χ");
  expect(keyName("1", greek)).toBe("1");
  expect(keyName("x")).toBe("X");
});

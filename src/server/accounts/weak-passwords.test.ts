import fc from "fast-check";
import { expect, it } from "vitest";
import { isTriedFirst } from "./weak-passwords.js";

it("refuses what is tried first", () => {
  for (const password of [
    ...["aaaaaaaaaaaa", "password1234", "Password123!", "P@ssw0rd2024!", "passwordpassword", "123456789012"],
    ...["qwertyuiop12", "qwertyuiopas", "abcdefghijkl", "abcabcabcabc", "121212121212", "zxcvbnmasdfg"],
    ...["111111222222", "iloveyou1234", "letmein12345", "welcome12345", "administrator", "admin admin admin"],
    ...["1q2w3e4r5t6y", "Summer2024!!", "Passwort1234", "motdepasse12", "qwertzuiopü1", "987654321098"],
    ...[
      "correct horse battery staple",
      "plumbline2026",
      "football2024",
      "Sunshine!2023",
      "password password 1",
    ],
    ...["ｐａｓｓｗｏｒｄ１２３４", "monkeydragon1", "changeme!!!!", "000000000000", "abcd1234abcd1234"],
  ])
    expect(isTriedFirst(password, "anna"), password).toBe(true);
});

it("refuses the name to sign in with and little else", () => {
  for (const password of ["rosalind-2024", "rosalindrosalind", "Rosalind.frank", "frank.rosalind1"])
    expect(isTriedFirst(password, "rosalind.frank"), password).toBe(true);
  expect(isTriedFirst("rosalind-2024", "anna")).toBe(false);
});

it("takes what people and programs choose with care", () => {
  for (const password of [
    ...[
      "correct horse battery",
      "a long password",
      "739158264017",
      "a password that is long",
      "another long password",
      "mein hund heißt nie so",
    ],
    ...[
      "Tr0ub4dor&3xkcd",
      "9f2kd83hs7qw",
      "лошадь батарея скрепка",
      "馬電池正確鋼針天空海風月光花",
      "vim>emacs, obviously",
    ],
  ])
    expect(isTriedFirst(password, "anna"), password).toBe(false);
});

it("takes nearly all that a password manager makes", () => {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...letters), { minLength: 20, maxLength: 24 }), (made) => {
      // Random ones with few different characters are rarer than one in 10^12.
      fc.pre(new Set(made).size > 9);
      expect(isTriedFirst(made.join(""), "anna")).toBe(false);
    }),
    { numRuns: 2000, seed: 7 },
  );
});

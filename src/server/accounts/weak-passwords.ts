/**
 * Passwords that are tried first. Who guesses tries few passwords of many accounts, so that waits and limits do not
 * help: a password must not be one of those. The list is short and part of the program, as nothing is asked over a
 * network; what it has is the words that published lists of leaked passwords begin with, and keys that lie side by
 * side.
 */
import { RequestError } from "../http/request-error.js";

/** In lower case, letters only; digits that stand for letters are read as such. */
const WORDS = [
  ...[
    "password",
    "passwort",
    "passord",
    "motdepasse",
    "contrasena",
    "senha",
    "parola",
    "haslo",
    "wachtwoord",
  ],
  ...[
    "letmein",
    "welcome",
    "willkommen",
    "bienvenue",
    "iloveyou",
    "ichliebedich",
    "changeme",
    "trustno",
    "open",
  ],
  ...["administrator", "admin", "root", "guest", "user", "login", "default", "secret", "master", "superuser"],
  ...["test", "testing", "temp", "hello", "hallo", "abc", "pass", "access", "internet", "computer", "server"],
  ...["monkey", "dragon", "shadow", "sunshine", "princess", "football", "fussball", "baseball", "basketball"],
  ...[
    "superman",
    "batman",
    "starwars",
    "pokemon",
    "michael",
    "jordan",
    "charlie",
    "daniel",
    "jessica",
    "ashley",
  ],
  ...["hunter", "killer", "ninja", "mustang", "liverpool", "chelsea", "arsenal", "barcelona", "whatever"],
  ...[
    "freedom",
    "summer",
    "sommer",
    "winter",
    "spring",
    "autumn",
    "google",
    "facebook",
    "samsung",
    "plumbline",
  ],
  ...["january", "february", "march", "april", "june", "july", "august", "september", "october", "november"],
  ...["december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "qwerty"],
].sort((a, b) => b.length - a.length);
/** Passwords of several words or rows of keys that are on those lists as a whole, without spaces. */
const WHOLE = new Set([
  "correcthorsebatterystaple",
  ...["1q2w3e4r5t6y", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "q1w2e3r4t5y6", "zaq12wsxcde3", "qazwsxedcrfv"],
]);
/** Keys side by side, and what is counted or spelt in order. */
const ROWS = [
  ...["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"],
  ...["qwertzuiopü", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn"],
].flatMap((row) => [row, [...row].reverse().join("")]);
/** Characters of a row that count as one idea. */
const MIN_RUN = 3;
/** Characters that a password needs besides common words, rows of keys and repetitions; and different ones in all. */
const MIN_OWN = 5;
/** Digits before or after a word that add nothing, such as a year. */
const YEAR = 4;
const MIN_DIFFERENT = 5;
const LETTERS: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

/**
 * Refuses a new password that is among the first to be tried: few different characters, a short piece over and over,
 * keys in a row, or common words or the login with little else.
 *
 * @param field of the request that holds it. @throws RequestError 422
 */
export function checkPasswordChoice(
  password: string,
  { login, field }: { login: string; field: string },
): void {
  if (!isTriedFirst(password, login)) return;
  throw new RequestError(422, "This password is one of those that are tried first.", {
    field,
    hint: "Take several words that have nothing to do with each other, or let a password manager make one.",
  });
}

export function isTriedFirst(password: string, login: string): boolean {
  const text = password.normalize("NFKC").toLowerCase();
  if (new Set(text).size < MIN_DIFFERENT) return true;
  const names = login.toLowerCase().split(/[^a-z0-9]+/);
  const words = [...WORDS, ...names.filter((name) => name.length > 2)];
  const bare = (form: string) => form.replace(/[^\p{L}\p{N}]/gu, "");
  if (WHOLE.has(bare(text)) || ownCharacters(bare(text), words) < MIN_OWN) return true;
  // A word may be spelt with digits, and have others before or after it.
  const core = text.replace(/^\P{L}+|\P{L}+$/gu, "");
  const spelt = bare([...core].map((character) => LETTERS[character] ?? character).join(""));
  const around = bare(text).length - bare(core).length;
  return ownCharacters(spelt, words) + Math.max(0, around - YEAR) < MIN_OWN;
}

/** How many characters are left without common words, rows of keys, and what repeats what came just before. */
function ownCharacters(text: string, words: readonly string[]): number {
  let own = 0;
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const word = words.find((one) => rest.startsWith(one))?.length ?? 0;
    const known = Math.max(word, runAt(rest), repeatAt(text, at));
    if (known === 0) own++;
    at += Math.max(1, known);
  }
  return own;
}

/** Length of the row of keys that a text begins with, 0 if it is shorter than a run. */
function runAt(text: string): number {
  let longest = 0;
  for (const row of ROWS)
    for (let from = row.indexOf(text[0]); from >= 0; from = row.indexOf(text[0], from + 1)) {
      let length = 1;
      while (length < text.length && from + length < row.length && row[from + length] === text[length])
        length++;
      longest = Math.max(longest, length);
    }
  return longest >= MIN_RUN ? longest : 0;
}

/** Length of the piece at a place that is the same as the piece just before it, 0 if there is none. */
function repeatAt(text: string, at: number): number {
  for (let length = Math.min(at, text.length - at); length > 0; length--)
    if (text.slice(at - length, at) === text.slice(at, at + length)) return length;
  return 0;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { wilsonInterval } from "../../statistics/estimates.js";
import {
  findPersonalData,
  luhn,
  mod97,
  PERSONAL_DATA,
  type PersonalDataKind,
} from "./personal-data-patterns.js";

const digits = (random: RandomStream, n: number): string =>
  Array.from({ length: n }, () => random.int(10)).join("");
const signs = (random: RandomStream, alphabet: string, n: number): string =>
  Array.from({ length: n }, () => random.choice([...alphabet])).join("");
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALNUM = `${LETTERS}${LETTERS.toLowerCase()}0123456789`;

/** Appends the digit that makes Luhn's sum a multiple of ten. */
const withLuhn = (number: string): string => {
  const last = [..."0123456789"].find((digit) => luhn(number + digit));
  return number + last;
};
const grouped = (text: string, size: number, by: string): string =>
  text.match(new RegExp(`.{1,${size}}`, "g"))!.join(by);

function iban(random: RandomStream): string {
  const [country, body] = random.choice([
    () => ["DE", digits(random, 18)],
    () => ["FR", digits(random, 10) + signs(random, LETTERS, 11) + digits(random, 2)],
    () => ["GB", signs(random, LETTERS, 4) + digits(random, 14)],
    () => ["NL", signs(random, LETTERS, 4) + digits(random, 10)],
    () => ["ES", digits(random, 20)],
    () => ["NO", digits(random, 11)],
  ])();
  const check = String(98 - mod97(`${body}${country}00`)).padStart(2, "0");
  return random.choice([(text: string) => text, (text: string) => grouped(text, 4, " ")])(
    country + check + body,
  );
}

function card(random: RandomStream): string {
  const number = random.choice([
    () => withLuhn(`4${digits(random, 14)}`),
    () => withLuhn(`5${1 + random.int(5)}${digits(random, 13)}`),
    () => withLuhn(`37${digits(random, 12)}`),
    () => withLuhn(`6011${digits(random, 11)}`),
  ])();
  return random.choice([
    (text: string) => text,
    (text: string) => grouped(text, 4, " "),
    (text: string) => grouped(text, 4, "-"),
  ])(number);
}

const NAMES = ["maria", "john.smith", "li_wei", "søren", "anna-lena", "o.garcia", "müller", "j.doe"];
const area = (random: RandomStream) => `${2 + random.int(8)}${digits(random, 2)}`;

/** Personal data as people write it. */
const POSITIVE: Readonly<Record<PersonalDataKind, (random: RandomStream) => string>> = {
  email: (r) =>
    r.choice([
      () =>
        `${r.choice(NAMES)}@${r.choice(["gmail.com", "uni-köln.de", "mail.co.uk", "firma.example-shop.fr"])}`,
      () => `${r.choice(NAMES)}${r.int(99)}+news@${signs(r, "abcdefgh", 6)}.org`,
      () => `${signs(r, "abcdefgh", 6)} (at) ${signs(r, "abcdefgh", 5)} (dot) com`,
      () => `${signs(r, "abcdefgh", 6)}[at]${signs(r, "abcdefgh", 5)}.de`,
    ])(),
  phone: (r) =>
    r.choice([
      () => `+1 ${area(r)} ${area(r)} ${digits(r, 4)}`,
      () => `(${area(r)}) ${area(r)}-${digits(r, 4)}`,
      () => `${area(r)}-${area(r)}-${digits(r, 4)}`,
      () => `+49 ${1 + r.int(9)}${digits(r, 2)} ${digits(r, 7)}`,
      () => `0${1 + r.int(9)}${digits(r, 2)}/${digits(r, 7)}`,
      () => `+33 6 ${grouped(digits(r, 8), 2, " ")}`,
      () => `0${1 + r.int(7)} ${grouped(digits(r, 8), 2, " ")}`,
      () => `13${digits(r, 9)}`,
      () => `0044 20 ${digits(r, 4)} ${digits(r, 4)}`,
      () => `phone: ${2 + r.int(7)}${digits(r, 6)}`,
      () => `+91 9${digits(r, 4)} ${digits(r, 5)}`,
    ])(),
  "credit-card": card,
  iban,
  "social-security-number": (r) =>
    `${String(1 + r.int(665)).padStart(3, "0")}-${String(1 + r.int(99)).padStart(2, "0")}-${String(1 + r.int(9999)).padStart(4, "0")}`,
  "ip-address": (r) =>
    r.choice([
      () => `${r.choice([8, 45, 81, 142, 185, 201])}.${r.int(256)}.${r.int(256)}.${1 + r.int(254)}`,
      () =>
        `2a02:${signs(r, "123456789abcdef", 4)}:${signs(r, "123456789abcdef", 4)}::${signs(r, "123456789abcdef", 3)}`,
    ])(),
  "street-address": (r) =>
    r.choice([
      () =>
        `${1 + r.int(9999)} ${r.choice(["Oak", "Martin Luther King", "N. Main", "Elm Park"])} ${r.choice(["Street", "Ave", "Road", "Blvd", "Lane"])}`,
      () =>
        `${r.choice(["Goethe", "Haupt", "Bahnhof"])}${r.choice(["straße", "strasse", "str.", "platz"])} ${1 + r.int(200)}`,
      () => `${1 + r.int(200)} rue ${r.choice(["de la République", "Victor Hugo", "des Lilas"])}`,
      () => `Calle de ${r.choice(["Alcalá", "Serrano"])} ${1 + r.int(200)}`,
      () => `Via ${r.choice(["Garibaldi", "Roma"])}, ${1 + r.int(99)}`,
      () => `P.O. Box ${1 + r.int(9999)}`,
    ])(),
  secret: (r) =>
    r.choice([
      () => `AKIA${signs(r, `${LETTERS}234567`, 16)}`,
      () => `ghp_${signs(r, ALNUM, 36)}`,
      () => `sk-${signs(r, ALNUM, 40)}`,
      () => `hf_${signs(r, ALNUM, 34)}`,
      () => `password: ${signs(r, "abcdefghkmnp", 6)}${digits(r, 4)}!X`,
      () => `api_key="${signs(r, ALNUM, 24)}7a"`,
      () => `-----BEGIN ${r.choice(["RSA ", "EC ", ""])}PRIVATE KEY-----`,
    ])(),
};

/** What looks like it and is not. */
const NEGATIVE: readonly ((random: RandomStream) => string)[] = [
  (r) =>
    `${1900 + r.int(130)}-${String(1 + r.int(12)).padStart(2, "0")}-${String(1 + r.int(28)).padStart(2, "0")}`,
  (r) => `${1 + r.int(28)}/${1 + r.int(12)}/${1900 + r.int(130)}`,
  (r) => `from ${1900 + r.int(50)}-${1950 + r.int(70)}`,
  (r) => `$${1 + r.int(999)},${digits(r, 3)},${digits(r, 3)}.${digits(r, 2)}`,
  (r) => `${digits(r, 1)}.${digits(r, 12)}`,
  (r) => `192.168.${r.int(256)}.${r.int(256)}`,
  (r) => `127.0.0.1:${1000 + r.int(8999)}`,
  (r) => `version ${r.int(20)}.${r.int(20)}.${r.int(20)}.${r.int(9)}`,
  (r) => `${1 + r.int(12)}:${10 + r.int(49)}:${10 + r.int(49)}`,
  (r) => `someone@example.${r.choice(["com", "org", "net"])}`,
  (r) => `@${signs(r, "abcdefgh", 8)} wrote`,
  (r) => `order #${digits(r, 8)}`,
  (r) => {
    const number = withLuhn(`4${digits(r, 14)}`);
    return number.slice(0, -1) + String((Number(number.at(-1)) + 1) % 10);
  },
  (r) => `DE00${digits(r, 18)}`.replace(/^DE00/, () => "DE01"),
  (r) => `000-${digits(r, 2)}-${digits(r, 4)}`,
  (r) => `pages ${100 + r.int(400)}-${500 + r.int(400)}`,
  (r) => `ISBN 978-${digits(r, 1)}-${digits(r, 4)}-${digits(r, 4)}-${digits(r, 1)}`,
  (r) => `commit ${signs(r, "0123456789abcdef", 40)}`,
  (r) => `array[${r.int(9)}][${r.int(99)}] = ${r.int(9999)}`,
  (r) => `${r.int(99)} + ${r.int(999)} * ${r.int(999)} = ${r.int(9999)}`,
  (r) => `${1 + r.int(30)} way to do it`,
  (r) => `the ${1 + r.int(40)} street lights were on`,
  () => "the password is correct, and the token is valid",
  () => "the secret: patience and practice",
  (r) => `a ratio of ${r.int(9)}.${digits(r, 3)} to ${r.int(9)}.${digits(r, 3)}`,
  (r) => `10${digits(r, 14)} stars`,
  (r) => `2, 4, 6, 8, 10, ${10 + r.int(40)}, ${60 + r.int(30)}`,
  (r) => `1000000${digits(r, 3)} years`,
  (r) => `${1 + r.int(12)} ${r.choice(["Dr", "St"])}. Mary's bells`,
];

const CARRIERS: readonly ((inner: string) => string)[] = [
  (inner) => inner,
  (inner) => `You can find it here: ${inner}. Thanks!`,
  (inner) => `Bitte melden Sie sich unter ${inner} bis morgen.`,
  (inner) => `Voici (${inner}), merci.`,
  (inner) => `Es ${inner}\ny nada más.`,
  (inner) => `请看 ${inner} 。`,
];

const EACH = 400;

describe("personal data", () => {
  it("is found where it stands, and of the right kind: recall with its interval, for each kind", () => {
    const table = PERSONAL_DATA.map((kind) => {
      const random = new RandomStream(1, `test/personal/${kind}`);
      let hits = 0;
      const missed: string[] = [];
      for (let i = 0; i < EACH; i++) {
        const inner = POSITIVE[kind](random);
        const text = random.choice(CARRIERS)(inner);
        const at = text.indexOf(inner);
        const found = findPersonalData(text).filter(
          ({ start, end }) => start < at + inner.length && end > at,
        );
        if (found.some((one) => one.kind === kind)) hits++;
        else missed.push(text);
      }
      const recall = wilsonInterval(hits, EACH);
      expect(recall.low, `${kind}: ${missed.slice(0, 5).join(" | ")}`).toBeGreaterThan(0.95);
      return `${kind} ${(100 * recall.estimate).toFixed(1)}% (${(100 * recall.low).toFixed(1)} to ${(100 * recall.high).toFixed(1)})`;
    });
    console.info(`recall, ${EACH} each: ${table.join("; ")}`);
  });

  it("is not seen in what only looks like it: false alarms with their interval", () => {
    const random = new RandomStream(2, "test/personal/negative");
    const wrong: string[] = [];
    const n = 100 * NEGATIVE.length;
    for (let i = 0; i < n; i++) {
      const text = random.choice(CARRIERS)(NEGATIVE[i % NEGATIVE.length](random));
      if (findPersonalData(text).length > 0) wrong.push(text);
    }
    const rate = wilsonInterval(wrong.length, n);
    console.info(
      `false alarms: ${wrong.length} of ${n} (${(100 * rate.low).toFixed(2)} to ${(100 * rate.high).toFixed(2)}%)`,
    );
    expect(rate.high, wrong.slice(0, 8).join(" | ")).toBeLessThan(0.02);
  });

  it("lies within the text, in order and apart", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc
              .integer()
              .map((seed) =>
                POSITIVE[PERSONAL_DATA[Math.abs(seed) % 8]](new RandomStream(Math.abs(seed), "t")),
              ),
          ),
          { maxLength: 8 },
        ),
        (parts) => {
          const text = parts.join(" ");
          let last = 0;
          for (const { start, end } of findPersonalData(text)) {
            expect(start).toBeGreaterThanOrEqual(last);
            expect(end).toBeGreaterThan(start);
            last = end;
          }
          expect(last).toBeLessThanOrEqual(text.length);
        },
      ),
    );
  });

  it("holds check digits to their published examples", () => {
    expect(luhn("4111111111111111")).toBe(true);
    expect(luhn("4111111111111112")).toBe(false);
    expect(luhn("79927398713")).toBe(true);
    expect(findPersonalData("GB82 WEST 1234 5698 7654 32")).toEqual([{ kind: "iban", start: 0, end: 27 }]);
    expect(findPersonalData("GB82 WEST 1234 5698 7654 33 ")).toEqual([]);
    expect(findPersonalData("SSN 078-05-1120")).toEqual([]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SideNames, verdictOf } from "./verdict.js";

const names = (...sides: string[]): SideNames[] => sides.map((name) => [name]);
const said = (label: string, sides: readonly SideNames[] = names("response_a", "response_b")) =>
  verdictOf(label, sides)?.verdict;

describe("a verdict in words or signs", () => {
  it.each([
    ["left", "left"],
    ["response_b", "right"],
    ["Response 2 is much better", "right"],
    ["A is slightly worse", "right"],
    ["Both are equal", "tie"],
    ["both bad", "both-bad"],
    ["No preference", "tie"],
    ["A<B", "right"],
    ["A<<B", "right"],
    ["A=B", "tie"],
    ["A>B", "left"],
    ["B>A", "right"],
    ["[[B>>A]]", "right"],
    ["A ≻ B", "left"],
    ["A is less helpful than B", "right"],
    ["A is not as good as B", "right"],
    ["A isn't as helpful as B", "right"],
    ["A is not as harmful as B", "left"],
    ["A is as good as B", "tie"],
    ["A loses", "right"],
    ["B loses to A", "left"],
    ["tie (bothbad)", "both-bad"],
    ["Tie (both bad)", "both-bad"],
    ["bothbad_vote", "both-bad"],
    ["leftvote", "left"],
    ["right answer is A", "left"],
    ["right answer is better", "right"],
    ["The correct answer is B", "right"],
    ["wrong answer is A", "right"],
    ["A is worse", "right"],
    ["Prefer B over A", "right"],
    ["I strongly prefer A to B", "left"],
    ["chosen is response 2", "right"],
    ["rejected is response 2", "left"],
    ["rejected: A", "right"],
    ["winner: model_a", "left"],
    ["My final verdict is tie: [[A=B]]", undefined],
    ["My final verdict is: [[A>B]]", "left"],
    ["the one on the left", "left"],
    ["response one", "left"],
    ["The second response is a bit better", "right"],
    ["A is a better response than B", "left"],
    ["A a little better", "left"],
    ["B is a lot worse", "left"],
    ["It's a draw", "tie"],
    ["Tie, relatively the same", "tie"],
    ["Neither is better", "tie"],
    ["Neither response is good", "both-bad"],
    ["neither A nor B is better", "tie"],
    ["equally bad", "both-bad"],
    ["they are equally good", "tie"],
    ["A and B are the same", "tie"],
    ["ＡはB", undefined],
    ["Ａ＞Ｂ", "left"],
  ])("%j is %s", (label, verdict) => expect(said(label)).toBe(verdict));

  it.each([
    ...[
      "",
      " ",
      "maybe",
      "-1",
      "0",
      "1",
      "2",
      "1.0",
      "+1",
      "3",
      "C",
      "both",
      "either",
      "neither",
      "none",
      "None",
    ],
    ...[
      "nan",
      "B is not better",
      "A is not worse",
      "A is no better than B",
      "not A",
      "not a tie",
      "A is good",
    ],
    ...[
      "A is right",
      "A is bad",
      "A or B",
      "A/B",
      "A, B",
      "A and B",
      "A?",
      "A>=B",
      "A->B",
      "A => B",
      "A != B",
    ],
    ...[
      "A > A",
      "A beats A",
      "A > B > A",
      "A is better and B is better",
      "A prefers B",
      "A better B",
      "unsure",
    ],
    ...["response 0", "response 3", "no vote", "not sure", "skip", "A is at least as good as B", "hardly A"],
    ...[
      "constructor",
      "__proto__",
      "toString",
      "on constructor",
      "response on constructor",
      "links",
      "😀",
      "A 😀",
    ],
    ...[
      `A is ${"much ".repeat(25)}better`,
      "-A",
      "-a",
      "(-B)",
      "−A",
      "+B",
      "tie, -A",
      "A (tie)",
      "A: tie",
      "A - draw",
      "[A] tie",
    ],
    ...[
      "B is not the winner",
      "nobody wins",
      "a little better",
      "A little better",
      "B little better",
      "A does not win",
      "better",
      "much better",
      "> B",
      "the is A",
    ],
  ])("%j means nothing", (label) => expect(said(label)).toBeUndefined());

  it("states a strength by its words and signs", () => {
    const strength = (label: string) => verdictOf(label)?.strength;
    expect(["A is slightly better", "somewhat prefer B", "A is much better", "B>>A"].map(strength)).toEqual([
      1, 2, 3, 3,
    ]);
    expect(["A is better", "A>B", "tie", "both very bad"].map(strength)).toEqual(Array(4).fill(undefined));
  });
});

describe("names of responses", () => {
  it("are sides, wherever they are stored", () => {
    const turned = names("response_b", "response_a");
    expect(["A", "b", "response A is better", "B > A"].map((label) => said(label, turned))).toEqual([
      ...["right", "left", "right", "left"],
    ]);
    const counted = names("answer_0", "answer_1");
    expect(
      ["0", "1", "answer 1", "Answer 0 is worse", "2", "answer 2"].map((label) => said(label, counted)),
    ).toEqual(["left", "right", "right", "right", undefined, undefined]);
    expect(["1", "2", "response-2"].map((label) => said(label, names("response-1", "response-2")))).toEqual([
      ...["left", "right", "right"],
    ]);
    const columns = names("chosen", "rejected");
    expect(["chosen", "rejected"].map((label) => said(label, columns))).toEqual(["left", "right"]);
  });

  it("may be names of models, in sentences too; the longer name is meant", () => {
    const models = [
      ["response_a", "gpt-4"],
      ["response_b", "gpt-4-turbo"],
    ];
    const labels = [
      "gpt-4",
      "GPT-4-turbo",
      "gpt-4 > gpt-4-turbo",
      "gpt-4-turbo beats gpt-4",
      "gpt-4 is worse",
    ];
    expect(labels.map((label) => said(label, models))).toEqual(["left", "right", "left", "right", "right"]);
    expect(["gpt-4o", "gpt", "gpt-4 gpt-4-turbo"].map((label) => said(label, models))).toEqual(
      Array(3).fill(undefined),
    );
    const same = [
      ["response_a", "gpt-4"],
      ["response_b", "gpt-4"],
    ];
    expect([said("gpt-4", same), said("gpt-4 is better", same), said("A", same)]).toEqual([
      ...[undefined, undefined, "left"],
    ]);
  });

  it("that make a label mean two things leave it without a meaning", () => {
    expect(said("left", names("right", "left"))).toBeUndefined();
    expect(said("left is better", names("right", "left"))).toBeUndefined();
    expect(said("tie", names("tie", "other"))).toBeUndefined();
    expect(said("response 1", names("gpt-2", "gpt-1"))).toBeUndefined();
    expect([said("a", names("A", "a")), said("A", names("A", "a"))]).toEqual(["right", "left"]);
    expect(said("x", names("x", "x"))).toBeUndefined();
  });
});

/** Sentences about two sides. In some the words decide nothing between them. */
const SENTENCES: ((x: string, y: string) => string)[] = [
  ...[
    "",
    " wins",
    " won",
    " is better",
    " is much better",
    " is the best",
    " is superior",
    " is preferred",
    " chosen",
  ],
  ...[
    " selected",
    " is the winner",
    " clearly wins",
    " is more helpful",
    " is less harmful",
    " better",
    " - better",
  ],
  ...[
    " loses",
    " lost",
    " is worse",
    " is slightly worse",
    " worst",
    " is inferior",
    " is rejected",
    " is weaker",
  ],
  ...[
    " is less helpful",
    " is more harmful",
    " is more toxic",
    " is the least honest",
    " is the loser",
    " rejected",
  ],
].map((end) => (x: string) => x + end);
SENTENCES.push(
  ...[
    "prefer",
    "I prefer",
    "we choose",
    "picked",
    "select",
    "winner:",
    "best:",
    "better response:",
    "verdict:",
  ].map((start) => (x: string) => `${start} ${x}`),
  ...["rejected:", "reject", "loser:", "worse:", "less helpful:", "worst response is"].map(
    (start) => (x: string) => `${start} ${x}`,
  ),
  ...[
    ">",
    ">>",
    "<",
    "<<",
    "≻",
    "≪",
    "over",
    "beats",
    "outperforms",
    "is better than",
    "is preferred to",
  ].map((between) => (x: string, y: string) => `${x} ${between} ${y}`),
  ...["loses to", "is worse than", "is not as good as", "is not as bad as", "is less helpful than"].map(
    (between) => (x: string, y: string) => `${x} ${between} ${y}`,
  ),
  ...["=", "==", "is equal to", "is as good as", "is the same as", "is similar to", "ties with"].map(
    (between) => (x: string, y: string) => `${x} ${between} ${y}`,
  ),
  (x, y) => `${x} and ${y} are equally good`,
  (x, y) => `both ${x} and ${y}`,
  (x, y) => `neither ${x} nor ${y} is good`,
);
const PAIRS = [
  ["A", "B"],
  ["left", "right"],
  ["response 1", "response 2"],
  ["the first", "the second"],
  ["model_a", "model_b"],
  ["Assistant A's answer", "Assistant B's answer"],
  ["the left one", "the right one"],
  ["kappa-7", "the tau"],
];
const OPPOSITE: Record<string, string> = { left: "right", right: "left" };
const CASES = [(s: string) => s, (s: string) => s.toUpperCase(), (s: string) => s.toLowerCase()];

describe("every sentence of the grammar", () => {
  const sides = [
    ["response_a", "kappa-7"],
    ["response_b", "the tau"],
  ];

  it("says the opposite with its sides swapped, with its responses swapped, and the same in any case", () => {
    let decided = 0;
    for (const sentence of SENTENCES)
      for (const [x, y] of PAIRS)
        for (const as of CASES) {
          const label = as(sentence(x, y));
          const verdict = said(label, sides);
          const swapped = said(as(sentence(y, x)), sides);
          expect(swapped, label).toBe(verdict === undefined ? undefined : (OPPOSITE[verdict] ?? verdict));
          expect(said(sentence(x, y), sides), label).toBe(verdict);
          if (verdict === "left" || verdict === "right") decided++;
        }
    expect(decided).toBeGreaterThan(SENTENCES.length * PAIRS.length * 2);
    const local = names("one of mine", "another");
    for (const sentence of SENTENCES) {
      const verdict = said(sentence("one of mine", "another"), local);
      expect(said(sentence("one of mine", "another"), [...local].reverse()), sentence("x", "y")).toBe(
        verdict === undefined ? undefined : (OPPOSITE[verdict] ?? verdict),
      );
    }
  });

  it("says nothing once a word is added that the grammar does not have, or a negation that it does not", () => {
    for (const sentence of SENTENCES)
      for (const [x, y] of PAIRS) {
        const label = sentence(x, y);
        expect(said(`${label} perhaps`, sides), label).toBeUndefined();
        expect(said(`not ${label}`, sides), label).toBeUndefined();
        expect(said(`${label}?`, sides), label).toBeUndefined();
      }
  });
});

it("any text has a verdict or none, in time that grows with its length only", () => {
  const words = fc.constantFrom(
    ...[
      "a",
      "b",
      "left",
      "right",
      "not",
      "is",
      "better",
      "worse",
      "than",
      "both",
      "neither",
      "bad",
      "tie",
      "one",
    ],
    ...[
      ">",
      "<",
      "=",
      "response",
      "2",
      "on",
      "the",
      "more",
      "less",
      "helpful",
      "and",
      "nor",
      "as",
      "good",
      "?",
    ],
  );
  const label = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.array(words, { maxLength: 12 }).map((list) => list.join(" ")),
  );
  fc.assert(
    fc.property(label, label, label, (text, left, right) => {
      const read = verdictOf(text, names(left, right));
      expect([undefined, "left", "right", "tie", "both-bad"]).toContain(read?.verdict);
      if (left !== right) {
        const turned = verdictOf(text, names(right, left))?.verdict;
        // What names the sides by their place stays; what names them by their names turns.
        expect([undefined, "left", "right", read?.verdict]).toContain(turned);
      }
    }),
    { numRuns: 3000 },
  );
  const started = performance.now();
  for (const part of [
    "a ",
    "not ",
    "a>",
    "response ",
    "one ",
    "((((",
    "the ",
    "\u0001",
    "1",
    "-",
    "both a and ",
  ])
    for (const length of [1000, 1_000_000])
      verdictOf(part.repeat(length / part.length), names(part.repeat(50), part.repeat(51)));
  expect(performance.now() - started).toBeLessThan(3000);
});

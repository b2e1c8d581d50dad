/**
 * Verdicts of comparisons in words and signs, as people and tools write them: "left", "response_b", "A<B", "A is less
 * helpful than B", "tie (bothbad)". The grammar is closed: a label has a meaning only if every one of its words is in
 * the vocabulary and their sequence is one of the sentences below. Everything else has none; nothing is guessed.
 */
import type { Preference } from "./answer.js";

/** Names that a verdict may use for a side: the response's own name first, then others, such as its model's. */
export type SideNames = readonly string[];

/** What a verdict may say, for messages about labels that are not understood. */
export const VERDICT_FORMS =
  'left, right or tie; or A, B, the name of a response, both bad, words such as "A is better", "A<B" or "B loses to A"';

/** Longest label that is read, in characters; names of responses have at most 200. */
const MAX_LENGTH = 1000;
/** Most words of a label, a response's name counting as one. */
const MAX_WORDS = 24;

/** The class of each word. A sentence is a sequence of classes; S is a side. */
const CLASSES: readonly (readonly [string, string])[] = [
  ["B", "better best superior preferable stronger nicer safer clearer smarter"],
  ["W", "worse worst inferior weaker poorer"],
  [
    "P",
    "good great excellent fine ok okay helpful harmless honest accurate useful truthful factual relevant",
  ],
  ["P", "coherent complete informative acceptable safe satisfactory"],
  [
    "N",
    "bad poor terrible awful inaccurate unhelpful useless unacceptable unsatisfactory harmful toxic unsafe",
  ],
  ["N", "offensive biased misleading dishonest untruthful irrelevant"],
  ["G", "correct"],
  ["g", "wrong incorrect"],
  ["M", "more most"],
  ["L", "less least"],
  ["v", "win wins won"],
  ["V", "lose loses lost"],
  ["b", "beats beat outperforms outperformed defeats defeated"],
  ["f", "prefer prefers preferred choose chooses chose chosen pick picks picked select selects selected"],
  ["F", "reject rejects rejected dispreferred"],
  ["K", "winner"],
  ["k", "loser"],
  ["c", "is are was were be looks look seems seem"],
  ["n", "not"],
  ["z", "no"],
  ["t", "than"],
  ["o", "over against"],
  ["T", "to"],
  ["a", "as"],
  ["w", "with"],
  ["y", "both"],
  ["h", "neither"],
  ["r", "nor"],
  ["e", "and"],
  ["q", "tie ties tied draw equal equally same identical similar comparable indifferent neutral"],
  ["x", "about roughly almost nearly approximately relatively"],
  ["i", "i we it they there"],
  ["p", "preference difference"],
  ["H", "verdict choice decision result vote"],
  [">", "> >> ≻ ≫"],
  ["<", "< << ≺ ≪"],
  ["=", "= == ~ ≈ equals"],
];
const CLASS_OF = new Map(
  CLASSES.flatMap(([letter, words]) => words.split(" ").map((word) => [word, letter] as const)),
);

/** Strength of a preference by the words and signs that state one; 0 for a degree without a strength. */
const STRENGTHS = new Map<string, number>([
  ...["slightly", "marginally", "negligibly", "barely", "a little", "a bit"].map(
    (word) => [word, 1] as const,
  ),
  ...["somewhat", "moderately"].map((word) => [word, 2] as const),
  ...["much", "far", "significantly", "clearly", "strongly", "considerably", "substantially"].map(
    (word) => [word, 3] as const,
  ),
  ...["vastly", "definitely", "greatly", "a lot", "way"].map((word) => [word, 3] as const),
  ...["clear", "strong", "significant"].map((word) => [word, 0] as const),
]);
const SIGN_STRENGTHS = new Map([">>", "<<", "≫", "≪"].map((sign) => [sign, 3]));

/** Words for the responses themselves, class U. */
const NOUNS = new Set(
  "response answer assistant model option output completion candidate reply text summary chatbot bot system generation version variant sample message conversation player side hand one"
    .split(" ")
    .flatMap((noun) => [noun, `${noun}s`]),
);
/** Words without a meaning of their own. */
const DROPPED = new Set(["the", "an", "very", "just", "only", "my", "our", "final"]);
/** Words that follow the article "a", which is otherwise the name of a side; the second are degrees with it only. */
const TIES_AFTER_ARTICLE = new Set(["tie", "draw"]);
const DEGREES_AFTER_ARTICLE = new Set(["bit", "little", "lot"]);
/** Words that stand for several. */
const COMPOUNDS: Readonly<Record<string, readonly string[]>> = {
  bothbad: ["both", "bad"],
  bothgood: ["both", "good"],
  leftvote: ["left"],
  rightvote: ["right"],
  tievote: ["tie"],
};

type Side = 0 | 1;
/** Ways to name a side without its response's name. */
const STYLES: readonly Readonly<Record<string, Side>>[] = [
  { a: 0, b: 1 },
  { "1": 0, "2": 1 },
  { left: 0, right: 1 },
  { first: 0, second: 1, "1st": 0, "2nd": 1 },
  { one: 0, two: 1 },
];
const [LETTERS, NUMBERS, PLACES, ORDINALS, NUMERALS] = STYLES;
/** Words that name the same place whatever the responses are called. */
const PLACE_WORDS = { ...PLACES, ...ORDINALS };

const UP = "(?:B|M[PG]|L[Ng])";
const DOWN = "(?:W|M[Ng]|L[PG])";
const ALL = "(?:y|SeS|i)";

/** The sentences by what they say of the side that they name first; no pattern repeats a repetition. */
const SENTENCES: readonly (readonly ["first" | "other" | "tie" | "both-bad", readonly string[]])[] = [
  [
    "first",
    [
      "S", // left
      `Sc?d*${UP}U?(?:[toT]S)?`, // A is much better than B
      "Sc?d*f(?:[toT]S)?", // A is preferred to B
      "Sc?KU?(?:oS)?", // A is the winner
      "Sd*v(?:oS)?", // A wins
      "Sd*bS", // A beats B
      "SoS", // A over B
      "S>S", // A > B
      "i?d*fU?c?S(?:[toT]S)?", // I prefer A over B; chosen is A
      "KU?c?S(?:oS)?", // winner: A
      `d*${UP}U?c?S(?:tS)?`, // better answer: A
      "GU?c?S", // correct answer is A
      "Sc?na[Ng]aS", // A is not as bad as B
    ],
  ],
  [
    "other",
    [
      `Sc?d*${DOWN}U?(?:[toT]S)?`, // A is less helpful than B
      "Sc?d*F", // A is rejected
      "Sc?kU?", // A is the loser
      "Sd*V(?:[oT]S)?", // A loses to B
      "S<S", // A < B
      "[Fk]U?c?S", // rejected: A
      `d*${DOWN}U?c?S`, // worse answer: A
      "gU?c?S", // wrong answer is A
      "Sc?na[PG]aS", // A is not as good as B
    ],
  ],
  [
    "tie",
    [
      "i?c?x?qU?(?:x?qU?)?", // it is a tie; tie, about the same
      `${ALL}U?c?x?q[PG]?U?`, // both are equally good
      "q[PG]", // equally good
      "q?(?:y|SeS)U?c?[PG]", // tie (both good)
      "S=S", // A = B
      "Sc?x?q[Taw]S", // A is similar to B
      "Sc?x?a[PG]aS", // A is about as good as B
      "(?:ic)?zd?[pK]", // no preference
      `h(?:U|SrS)?c?d*(?:${UP}|${DOWN}|f|K|v)`, // neither is better
    ],
  ],
  [
    "both-bad",
    [
      "q?(?:y|SeS)U?c?d*[Ng]H?", // tie (both bad)
      "q?(?:y|SeS)U?c?n[PG]", // both are not good
      "q[Ng]", // equally bad
      `${ALL}U?c?q[Ng]`, // both are equally bad
      "h(?:U|SrS)?c?[PG]", // neither is good
    ],
  ],
];
const GRAMMAR = SENTENCES.map(
  ([says, patterns]) => [says, new RegExp(`^(?:${patterns.join("|")})$`)] as const,
);

/**
 * The verdict that a label states; undefined if the grammar gives it none, or if the names of the responses give it
 * two. Letters, numbers and the like name the response whose name ends in them ("b" names `response_b`, on whichever
 * side it is stored); without such names "a" and "left" are the first side, and numbers count from 1 after a noun only
 * ("response 2"): a bare number has no stated meaning.
 *
 * @param sides the names of the left and the right response; without them, only words that need none are understood.
 */
export function verdictOf(label: string, sides: readonly SideNames[] = []): Preference | undefined {
  const text = label.normalize("NFKC").trim();
  const words = wordsOf(text);
  const named = calledSide(text, sides);
  if (named !== undefined) {
    // A response that is called "tie", or "left" but is the right one, makes the label mean two things.
    const isPlain = (word: string) => Object.hasOwn(PLACE_WORDS, word) || CLASS_OF.has(word);
    const plain = words?.some(isPlain) ? read(words) : undefined;
    const verdict = SIDES[named];
    return plain === undefined || plain.verdict === verdict ? { verdict } : undefined;
  }
  if (words === undefined || words.length === 0) return undefined;
  const names = new Names(sides);
  const marked = names.marked(words);
  return read(marked, names) ?? read(rightAsCorrect(marked), names);
}

const SIDES = ["left", "right"] as const;

/** The side that has this name, letter by letter or without regard to case; undefined if none or both have it. */
function calledSide(text: string, sides: readonly SideNames[]): Side | undefined {
  for (const form of [(name: string) => name, (name: string) => name.toLowerCase()]) {
    const wanted = form(text);
    const [left, right] = sides.map((names) =>
      names.some((name) => form(name.normalize("NFKC").trim()) === wanted),
    );
    if (left !== right) return left ? 0 : 1;
    if (left && right) return undefined;
  }
  return undefined;
}

/** The meaning of words, some of which may be markers of sides. */
function read(words: readonly string[], names: Names = new Names([])): Preference | undefined {
  if (words.length > MAX_WORDS) return undefined;
  const sentence = sentenceOf(words, names);
  if (sentence === undefined) return undefined;
  const { classes, sides, strength } = sentence;
  if (sides.length > 2 || (sides.length === 2 && sides[0] === sides[1])) return undefined;
  const says = GRAMMAR.find(([, pattern]) => pattern.test(classes))?.[0];
  if (says === undefined) return undefined;
  if (says === "tie" || says === "both-bad") return { verdict: says };
  const better = says === "first" ? sides[0] : 1 - sides[0];
  return { verdict: SIDES[better], ...(strength > 0 && { strength }) };
}

/** A number or a letter with a sign, as a scale from -3 to 3 or a crossed-out side has it. */
const SIGNED = /(?:^|[\s(,;:[])[-−+](?:\d|[a-h](?![\p{L}\p{N}]))/iu;
const ARROW = /[-–—][<>=]|[<>=][-–—]/;
/** "A (tie)", "A: tie": a side and a tie. Only in "a tie" is the letter an article. */
const SIDE_AND_TIE = /(?:^|[^\p{L}\p{N}])a\s*[.,:;()[\]"'`*_/–—-][^\p{L}\p{N}]*(?:tie|draw)/iu;

/**
 * The words and signs of a label in lower case; undefined if it is too long or holds anything else, such as a negative
 * number or an arrow.
 */
function wordsOf(text: string): string[] | undefined {
  if (text.length > MAX_LENGTH || SIGNED.test(text) || ARROW.test(text) || SIDE_AND_TIE.test(text))
    return undefined;
  const plain = text
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replaceAll("’", "'")
    .replace(/n't\b/g, " not")
    .replace(/'s\b/g, "");
  const words: string[] = [];
  for (const [, word, , other] of plain.matchAll(
    /([\p{L}\p{N}]+|[<>=!~≈≻≺≫≪≥≤]+)|([\s.,:;()[\]"'`*_/–—-]+)|(.)/gu,
  )) {
    if (other !== undefined) return undefined;
    if (word === undefined) continue;
    const counted = /^([a-z]+)(\d{1,3})$/.exec(word);
    if (counted) words.push(counted[1], counted[2]);
    else words.push(...(Object.hasOwn(COMPOUNDS, word) ? COMPOUNDS[word] : [word]));
  }
  return words;
}

interface Sentence {
  /** A letter for each word or group of words. */
  classes: string;
  /** The sides that are named, in order. */
  sides: Side[];
  /** The first strength that is stated; 0 if none is. */
  strength: number;
}

/** Classes and sides of words; undefined if a word is not in the vocabulary. */
function sentenceOf(given: readonly string[], names: Names): Sentence | undefined {
  const words = withoutArticles(withoutHeading(given));
  const sides: Side[] = [];
  let classes = "";
  let strength = 0;
  for (let at = 0; at < words.length; ) {
    const reference = names.reference(words, at);
    if (reference === undefined) return undefined;
    if (typeof reference === "object") {
      sides.push(reference.side);
      classes += "S";
      at = reference.end;
      continue;
    }
    if (reference > at) {
      classes += "U";
      at = reference;
      continue;
    }
    const word = words[at++];
    const stated = STRENGTHS.get(word);
    strength ||= stated ?? SIGN_STRENGTHS.get(word) ?? 0;
    const letter = stated === undefined ? CLASS_OF.get(word) : "d";
    if (letter === undefined) return undefined;
    classes += letter;
  }
  return { classes, sides, strength };
}

/** Without "verdict:", "my final choice is" and the like before what they announce. */
function withoutHeading(words: readonly string[]): readonly string[] {
  const isHeading = (word: string) => CLASS_OF.get(word) === "H" || word === "preference";
  let at = words.findIndex((word) => !DROPPED.has(word) && !isHeading(word));
  if (at < 0 || !words.slice(0, at).some(isHeading)) return words;
  if (CLASS_OF.get(words[at]) === "c") at++;
  return words.slice(at);
}

/**
 * Without articles and fillers. "a" is an article before a tie or a degree, and after a form of "to be"; "a little" is one
 * word, so that "A little better", which may lack its side, says as little as "B little better".
 */
function withoutArticles(words: readonly string[]): string[] {
  return words.flatMap((word, i) => {
    const [before, next] = [words[i - 1], words[i + 1]];
    if (DROPPED.has(word)) return [];
    if (DEGREES_AFTER_ARTICLE.has(word)) return before === "a" ? [`a ${word}`] : [word];
    if (word !== "a" || next === undefined) return [word];
    if (TIES_AFTER_ARTICLE.has(next) || DEGREES_AFTER_ARTICLE.has(next)) return [];
    const copula = CLASS_OF.get(before) === "c";
    return copula && (STRENGTHS.has(next) || "BWMLKk".includes(CLASS_OF.get(next) ?? "?")) ? [] : [word];
  });
}

/** "right answer is A" says which answer is correct, unless it is about places. */
const rightAsCorrect = (words: readonly string[]): readonly string[] =>
  words.filter((word) => Object.hasOwn(PLACES, word)).length > 1
    ? words
    : words.map((word, i) => (word === "right" && NOUNS.has(words[i + 1] ?? "") ? "correct" : word));

/** Markers that stand for a side's name among the words. */
const MARKERS = ["\u0001", "\u0002"] as const;

/** The names of the two sides, and how words refer to them. */
class Names {
  /** Endings of the responses' names that tell them apart: a and b, 0 and 1. */
  private readonly endings = new Map<string, Side>();
  /** Whether nothing but nouns is before the endings, so that they alone name the responses. */
  private readonly strict: boolean;

  constructor(private readonly sides: readonly SideNames[]) {
    const [left, right] = sides.map(([name]) => wordsOf(name ?? "") ?? []);
    const [a, b] = [left?.at(-1), right?.at(-1)];
    const stem = left?.slice(0, -1) ?? [];
    const together =
      a !== undefined && b !== undefined && a !== b && stem.join(" ") === right?.slice(0, -1).join(" ");
    if (together && isEnding(a) && isEnding(b) && styleOf(a) === styleOf(b)) {
      this.endings.set(a, 0);
      this.endings.set(b, 1);
    }
    this.strict = stem.every((word) => NOUNS.has(word));
  }

  /** The words with a marker for each name that is not made of words of the grammar, the longest names first. */
  marked(words: readonly string[]): readonly string[] {
    const wanted = this.sides
      .flatMap((names, side) => names.map((name) => ({ side: side as Side, words: wordsOf(name) ?? [] })))
      .filter(({ words: own }) => own.some((word) => !isKnown(word)))
      .filter(({ side, words: own }, _i, all) =>
        all.every((other) => other.side === side || other.words.join(" ") !== own.join(" ")),
      )
      .sort((a, b) => b.words.length - a.words.length);
    if (wanted.length === 0) return words;
    const marked: string[] = [];
    for (let at = 0; at < words.length; ) {
      const found = wanted.find(({ words: own }) => own.every((word, i) => words[at + i] === word));
      marked.push(found === undefined ? words[at] : MARKERS[found.side]);
      at += found?.words.length ?? 1;
    }
    return marked;
  }

  /**
   * What stands at a place: a side and where its words end; or the end of nouns that name none, which is the place
   * itself if there is no noun. Undefined if a side is named that there is not.
   */
  reference(words: readonly string[], at: number): { side: Side; end: number } | number | undefined {
    const isNoun = (i: number) => i < words.length && NOUNS.has(words[i]);
    const afterNouns = (i: number): number => (isNoun(i) ? afterNouns(i + 1) : i);
    const ref = (side: Side, end: number) => ({ side, end: afterNouns(end) });
    const marker = MARKERS.indexOf(words[at] as (typeof MARKERS)[number]);
    if (marker >= 0) return ref(marker as Side, at + 1);
    if (isNoun(at)) {
      let last = at + 1;
      while (isNoun(last) && !Object.hasOwn(NUMERALS, words[last])) last++;
      if (words[last] === "on" && Object.hasOwn(PLACES, words[last + 1] ?? ""))
        return ref(PLACES[words[last + 1]], last + 2);
      if (last >= words.length || !isEnding(words[last])) return last;
      const side = this.side(words[last], true);
      return side === undefined ? undefined : ref(side, last + 1);
    }
    if (!isEnding(words[at])) return at;
    const side = this.side(words[at], false);
    return side === undefined ? undefined : ref(side, at + 1);
  }

  /** The side that a letter, number, place or the like names. @param counted whether a noun comes before it. */
  private side(word: string, counted: boolean): Side | undefined {
    const style = styleOf(word);
    const usual = STYLES[style]?.[word];
    const own = this.endings.get(word);
    const sameStyle = [...this.endings.keys()].some((ending) => styleOf(ending) === style);
    if (STYLES[style] === PLACES || STYLES[style] === ORDINALS)
      return own === undefined || own === usual ? usual : undefined;
    if (sameStyle && this.strict) return own;
    if (STYLES[style] !== LETTERS && !counted) return undefined;
    return !sameStyle || own === usual ? usual : usual === undefined ? own : undefined;
  }
}

/** Index of the style in which a word names a side; -1 if it does not. */
function styleOf(word: string): number {
  if (/^\d{1,3}$/.test(word)) return STYLES.indexOf(NUMBERS);
  if (/^[a-h]$/.test(word)) return STYLES.indexOf(LETTERS);
  return STYLES.findIndex((style) => Object.hasOwn(style, word));
}

const isEnding = (word: string): boolean => styleOf(word) >= 0;

/** Whether a word is one of the grammar. */
const isKnown = (word: string): boolean =>
  CLASS_OF.has(word) || STRENGTHS.has(word) || NOUNS.has(word) || DROPPED.has(word) || isEnding(word);

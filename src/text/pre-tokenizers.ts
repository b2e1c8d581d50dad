/**
 * Pre-tokenizers: the published regular expressions, and a rewriting that makes JavaScript split as Rust does.
 *
 * @huggingface/tokenizers implements `Digits` with \d (ASCII digits) where Rust's takes every numeric character, and
 * `ByteLevel` with JavaScript's \s where Rust's takes Unicode's White_Space. Its `Split` translates expressions
 * correctly, so both are rewritten as Splits before the tokenizer is built.
 */

/** GPT-2's expression (openai/gpt-2, encoder.py), which ByteLevel with `use_regex` applies. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Llama 3's expression (its published tokenizer.json). */
export const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Qwen2's expression (its published tokenizer.json): Llama 3's with single digits. */
export const QWEN2_PATTERN = LLAMA3_PATTERN.replace("\\p{N}{1,3}", "\\p{N}");

/** Words in the case that Tekken and GPT-4o's tokenizer keep apart: capitals and what follows, or capitals alone. */
const CASED = (ending: string) => {
  const [upper, lower] = ["[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]", "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"];
  const before = "[^\\r\\n\\p{L}\\p{N}]?";
  return `${before}${upper}*${lower}+${ending}|${before}${upper}+${lower}*${ending}`;
};
const SIGNS_AND_SPACES = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** Mistral's Tekken (its published tokenizer.json). */
export const TEKKEN_PATTERN = `${CASED("")}|\\p{N}|${SIGNS_AND_SPACES}`;

/** GPT-4o's expression (tiktoken, o200k_base), which Phi-4-mini uses too. */
export const GPT4O_PATTERN = `${CASED("(?i:'s|'t|'re|'ve|'m|'ll|'d)?")}|\\p{N}{1,3}|${SIGNS_AND_SPACES}`;

/** A tokenizer.json pre-tokenizer that splits at every match of an expression and keeps the matches. */
export function splitOn(pattern: string): object {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

/** A tokenizer.json pre-tokenizer that maps bytes to GPT-2's printable characters. */
export function byteLevel(useRegex: boolean): object {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}

/** A tokenizer.json pre-tokenizer that applies others in turn. */
export function sequenceOf(pretokenizers: object[]): object {
  return { type: "Sequence", pretokenizers };
}

/** The same pre-tokenizer, written with Splits that behave the same in Rust and JavaScript. */
export function asUnicodeSplits(node: unknown): unknown {
  if (typeof node !== "object" || node === null || !("type" in node)) return node;
  if (node.type === "Sequence" && "pretokenizers" in node && Array.isArray(node.pretokenizers)) {
    return sequenceOf(node.pretokenizers.map((child) => asUnicodeSplits(child) as object));
  }
  if (node.type === "Digits") {
    const individual = "individual_digits" in node && node.individual_digits === true;
    return splitOn(individual ? "\\p{N}" : "\\p{N}+");
  }
  if (node.type === "ByteLevel") {
    const off = "use_regex" in node && node.use_regex === false;
    const prefixed = "add_prefix_space" in node && node.add_prefix_space === true;
    if (!off && !prefixed) return sequenceOf([splitOn(GPT2_PATTERN), byteLevel(false)]);
  }
  return node;
}

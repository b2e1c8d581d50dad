/**
 * How byte-level tokenizers in GGUF files split a text before they merge: a name (`tokenizer.ggml.pre`), which
 * llama.cpp's converter gives to the tokenizer.json that it finds. Each stands here as its author's tokenizer.json has
 * it.
 *
 * Names and settings: llama.cpp, src/llama-vocab.cpp. docs/architectures.md says what each was checked against.
 */
import {
  byteLevel,
  GPT4O_PATTERN,
  LLAMA3_PATTERN,
  QWEN2_PATTERN,
  sequenceOf,
  splitOn,
  TEKKEN_PATTERN,
} from "../../text/pre-tokenizers.js";

/** What a name says of a tokenizer. */
interface PreTokenizer {
  /** As tokenizer.json has it. */
  splits: object;
  /** Pieces that are tokens are taken whole, without merging. */
  ignoresMerges?: boolean;
  /** Texts are composed first (Unicode's NFC). */
  composes?: boolean;
  /** A text begins with the BOS unless the file says otherwise. */
  addsBos?: boolean;
}

/** Splits by expressions, one after the other. */
const splitBy = (...patterns: string[]): object => sequenceOf([...patterns.map(splitOn), byteLevel(false)]);

const gpt2 = byteLevel(true);
const digitsThenGpt2 = sequenceOf([{ type: "Digits", individual_digits: true }, gpt2]);
const [llama3, qwen2, gpt4o] = [splitBy(LLAMA3_PATTERN), splitBy(QWEN2_PATTERN), splitBy(GPT4O_PATTERN)];
/**
 * Numbers, then Chinese and Japanese, then the rest: a sign and the Latin letters after it, words, signs, white space.
 */
const deepseek3 = splitBy(
  "\\p{N}{1,3}",
  "[一-龥\u3040-ゟ゠-ヿ]+",
  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
);
const ASIAN = "[一-龥ࠀ-一가-\ud7ff]+";
/** The letters that DeepSeek LLM's expression lists, in hexadecimal: most that have cases. */
const CASED = (
  "41-5a 61-7a b5 c0-d6 d8-f6 f8-1ba 1bc-1bf 1c4-293 295-2af 370-373 376 377 37b-37d 37f 386 388-38a 38c 38e-3a1 3a3-3f5 " +
  "3f7-481 48a-52f 531-556 10a0-10c5 13a0-13f5 13f8-13fd 1c90-1cba 1cbd-1cbf 1d00-1d2b 1d6b-1d77 1d79-1d9a 1e00-1f15 " +
  "1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fbc 1fbe 1fc2-1fc4 1fc6-1fcc 1fd0-1fd3 " +
  "1fd6-1fdb 1fe0-1fec 1ff2-1ff4 1ff6-1ffc 2102 2107 210a-2113 2115 2119-211d 2124 2126 2128 212a-212d 212f-2134 2139 " +
  "213c-213f 2145-2149 214e 2183 2184 2c00-2c7b 2c7e-2ce4 2ceb-2cee 2cf2 2cf3 a640-a66d a680-a69b a722-a76f a771-a787 " +
  "a78b-a78e ab70-abbf fb00-fb06 fb13-fb17 ff21-ff3a ff41-ff5a 10400-1044f 104b0-104d3 104d8-104fb 10c80-10cb2 10cc0-10cf2 " +
  "118a0-118df 1e900-1e943"
).replace(/[0-9a-f]+/g, (hex) => String.fromCodePoint(Number.parseInt(hex, 16)));
const deepseekLlm = splitBy(
  "[\\r\\n]",
  `\\s?[${CASED.replaceAll(" ", "")}]+`,
  "\\s?[!-/:-~！-／：-～‘-‟\u3000-。]+",
  "\\s+$",
  ASIAN,
  "\\p{N}",
);
const deepseekCoder = splitBy("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", ASIAN, "\\p{N}");
const falcon = sequenceOf([splitOn("[\\p{P}$+<=>^~|`]+"), gpt2, splitOn("[0-9][0-9][0-9]")]);
const BLOOM = " ?[^(\\s|.,!?…。，、।۔،)]+";
const ENDING = "\\s+(?!\\S)|\\s+";
const jais2 = splitBy(
  LLAMA3_PATTERN.slice(0, -ENDING.length) +
    [512, 256, 128, 64, 32, 16, 8, 4].map((count) => `\\s{${count}}(?!\\S)|`).join("") +
    "\\s{1,2}(?!\\S)|\\s{1}",
);
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
const qwen35 = splitBy(
  `${contractions}[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|${ENDING}`,
);
const seedCoder = splitBy(
  `${contractions}[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|${ENDING}`,
);
const bailing = splitBy(
  `'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]|${ENDING}`,
);
const minicpm5 = splitBy("\\p{N}{1,3}", LLAMA3_PATTERN.replace("\\p{N}{1,3}", "\\p{N}+"));

const likeLlama3: PreTokenizer = { splits: llama3, ignoresMerges: true, addsBos: true };
/** Names that say the same. */
const named = (names: string, one: PreTokenizer): [string, PreTokenizer][] =>
  names.split(" ").map((name) => [name, one]);

/** Pre-tokenizers by llama.cpp's names. "default" stands for none: files made before the name was recorded. */
export const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ...named("gpt-2 default phi-2 jais a.x-4.0 mellum exaone4 trillion granite-docling gigachat", {
    splits: gpt2,
  }),
  ...named("mpt olmo", { splits: gpt2, composes: true }),
  ...named("smollm starcoder refact command-r codeshell exaone minerva-7b mellum2", {
    splits: digitsThenGpt2,
  }),
  ...named("llama-bpe llama3 llama-v3 falcon3 pixtral midm-2.0 lfm2", likeLlama3),
  ...named("dbrx smaug-bpe chatglm-bpe glm4", { splits: llama3 }),
  ...named("jais-2", { splits: jais2 }),
  ...named("minicpm5", { splits: minicpm5, ignoresMerges: true }),
  ...named("qwen2 deepseek-r1-qwen megrez", { splits: qwen2, composes: true }),
  ...named("stablelm2 hunyuan grok-2 solar-open kormo", { splits: qwen2 }),
  ...named("qwen35", { splits: qwen35, composes: true }),
  ...named("seed-coder", { splits: seedCoder }),
  ...named("bailingmoe bailingmoe2 llada-moe", { splits: bailing }),
  ...named("tekken", { splits: splitBy(TEKKEN_PATTERN), ignoresMerges: true, addsBos: true }),
  ...named("gpt-4o llama4 kanana2 minimax-m2", { splits: gpt4o }),
  ...named("deepseek-v3 hunyuan-dense joyai-llm", { splits: deepseek3 }),
  ...named("deepseek-llm", { splits: deepseekLlm }),
  ...named("deepseek-coder", { splits: deepseekCoder }),
  ...named("falcon", { splits: falcon }),
  ...named("bloom poro-chat gpt3-finnish", { splits: splitBy(BLOOM) }),
  ...named("viking", { splits: splitBy(BLOOM, "\\p{N}") }),
]);

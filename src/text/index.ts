/** Tokenizers and chat templates: text to token ids and back. */
export { loadTokenizer, type Tokenizer, tokenizerFromJson } from "./tokenizer.js";

/**
 * Tokenizers and chat templates, which turn text into token ids and back; a trainer for small byte-level tokenizers.
 */
export { type BpeTrainerOptions, trainByteLevelBpe } from "./bpe-trainer.js";
export { type ChatMessage, type EncodedChat, encodeChat, renderChat } from "./chat-template.js";
export { loadTokenizer, type Tokenizer, tokenizerFromJson } from "./tokenizer.js";

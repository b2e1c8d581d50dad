/**
 * Tokenizers and chat templates, which turn text into token ids and back; a trainer for small byte-level tokenizers.
 */
export { type BpeTrainerOptions, trainByteLevelBpe } from "./bpe-trainer.js";
export { encodeAfter } from "./chat/continuation.js";
export { type ChatOptions, chatIds, type EncodedChat, encodeChat, encodeLastAnswer } from "./chat/encode.js";
export type { ChatMessage } from "./chat/messages.js";
export { type RenderOptions, renderChat } from "./chat/render.js";
export { withChatSettings } from "./chat/settings.js";
export { type AfterTurn, afterTurn, type TurnEnd, turnEndOf } from "./chat/turn-end.js";
export { DEFAULT_TEMPLATE_DATE } from "./template/variables.js";
export { type ChatSettings, loadTokenizer, type Tokenizer, tokenizerFromJson } from "./tokenizer.js";

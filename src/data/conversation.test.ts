import { expect, it } from "vitest";
import { conversationKey, demonstrationKey } from "./conversation.js";
import type { ChatMessage } from "./messages.js";

const turns = (...texts: string[]): ChatMessage[] =>
  texts.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
const where = { file: "a.jsonl", unit: "line", number: 1 } as const;

it("one conversation has one key at every turn, others have others", () => {
  const first = conversationKey(turns("Hi"));
  expect(conversationKey(turns("Hi", "Hello", "More?"))).toBe(first);
  expect(conversationKey(turns("Ho"))).not.toBe(first);
  const system: ChatMessage[] = [{ role: "system", content: "Be kind." }];
  expect(conversationKey([...system, ...turns("Hi")])).not.toBe(conversationKey([...system, ...turns("Ho")]));
  expect(conversationKey(system)).not.toBe(first);
  expect(conversationKey("Hi")).toBe(conversationKey("Hi", "any answer"));
});

it("without a prompt the answer is the key", () => {
  expect(conversationKey("", "a")).not.toBe(conversationKey("", "b"));
  expect(conversationKey([], turns("a"))).not.toBe(conversationKey([], turns("b")));
});

it("of a demonstration is that of its prompt, its first turn or its text", () => {
  const completion = { kind: "completion", prompt: "Hi", completion: "Hello", where } as const;
  expect(demonstrationKey(completion)).toBe(demonstrationKey({ ...completion, completion: "Hey" }));
  expect(demonstrationKey({ kind: "text", text: "one", where })).not.toBe(
    demonstrationKey({ kind: "text", text: "two", where }),
  );
  const messages = { kind: "messages", messages: turns("Hi", "Hello"), where } as const;
  expect(demonstrationKey({ ...messages, messages: [...messages.messages, ...turns("More?")] })).toBe(
    demonstrationKey({ kind: "messages", messages: turns("Hi", "Hey"), where }),
  );
});

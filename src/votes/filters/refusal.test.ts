import { describe, expect, it } from "vitest";
import { isRefusal } from "./refusal.js";

describe("isRefusal", () => {
  it.each([
    "I'm sorry, but I can't help with that.",
    "I cannot provide instructions for that.",
    "I’m unable to assist with this request.",
    "As an AI language model, I am not able to do this.",
    "Sorry, but that is against my rules.",
    "I won't help you hurt someone.",
    "We must decline to answer.",
  ])("counts %j", (text) => expect(isRefusal(text)).toBe(true));

  it.each([
    "Sure! Here is how to bake bread.",
    "I'm sorry to hear that your cat is ill. Try calling a vet.",
    "You can kill a Python process with the kill command.",
    "Birds of this kind cannot fly, but they swim well.",
    "",
  ])("does not count %j", (text) => expect(isRefusal(text)).toBe(false));
});

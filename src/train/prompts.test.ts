import { expect, it } from "vitest";
import { splitPrompts } from "./prompts.js";

const prompts = (ids: number[]) => ids.map((id) => ({ ids: [id], text: `${id}` }));
const texts = (list: readonly { text: string }[]) => list.map(({ text }) => text);

it("compares on prompts spread over the list, at most a quarter", () => {
  const { train, evaluation } = splitPrompts(prompts([0, 1, 2, 3, 4, 5, 6, 7]), 2);
  expect(texts(evaluation)).toEqual(["0", "4"]);
  expect(texts(train)).toEqual(["1", "2", "3", "5", "6", "7"]);
  expect(splitPrompts(prompts([0, 1, 2, 3, 4, 5, 6, 7]), 64).evaluation).toHaveLength(2);
});

it("never trains on a prompt that it compares on, however often it is there", () => {
  const { train, evaluation } = splitPrompts(prompts([7, 1, 7, 2, 3, 7, 4, 1, 5, 6, 8]), 2);
  expect(texts(evaluation)).toEqual(["7", "4"]);
  expect(texts(train)).toEqual(["1", "2", "3", "1", "5", "6", "8"]);
});

it("compares on nothing where all prompts are one", () => {
  expect(splitPrompts(prompts([7, 7, 7, 7, 7, 7, 7, 7]), 2).evaluation).toEqual([]);
});

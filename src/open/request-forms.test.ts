import { describe, expect, it } from "vitest";
import { tinyConfig } from "../../test/tiny-model.js";
import { checkLength, formOf, tokenIds } from "./request-forms.js";

const where = { file: "a.jsonl", unit: "line", number: 2 } as const;
const row = (value: Record<string, unknown>) => ({ value, where, untyped: false });
const FORMS = { ids: ["input_ids"], completion: ["prompt", "completion"] };
const config = tinyConfig({ vocabSize: 128, maxPositions: 64 });

describe("formOf", () => {
  it("takes the first form whose fields are all there", () => {
    expect(formOf(row({ prompt: "a", completion: "b", id: 7 }), FORMS)).toBe("completion");
    expect(formOf(row({ prompt: "a", completion: "b", input_ids: [1] }), FORMS)).toBe("ids");
    expect(formOf(row({ prompt: "a", completion: "b", input_ids: null }), FORMS)).toBe("completion");
  });

  it.each([
    [{ inputids: [1] }, 'expected "input_ids", or "prompt" with "completion"; got "inputids"'],
    [{ prompt: "a" }, 'got "prompt"'],
    [{}, "got no field"],
  ])("refuses %j", (value, message) => {
    expect(() => formOf(row(value), FORMS)).toThrow(`a.jsonl, line 2: `);
    expect(() => formOf(row(value), FORMS)).toThrow(message);
  });

  it("names the field that was meant", () => {
    const hint = 'Did you mean "completion" instead of "complition"?';
    expect(() => formOf(row({ prompt: "a", complition: "b" }), FORMS)).toThrow(
      expect.objectContaining({ hint }),
    );
  });
});

describe("tokenIds", () => {
  it.each([
    [[], 'field "input_ids" is an empty list'],
    [[5, 128], 'field "input_ids[1]" is 128; expected a token id of this model, 0 to 127'],
    [[-1], 'field "input_ids[0]" is -1'],
    [[1.5], 'field "input_ids[0]" is 1.5'],
    [["1"], 'field "input_ids[0]" is "1"'],
    ["1,2", 'field "input_ids" is "1,2"; expected a list of token ids'],
  ])("refuses %j", (ids, message) => {
    expect(() => tokenIds(row({ input_ids: ids }), config)).toThrow(message);
  });

  it("gives what is in the vocabulary", () => {
    expect(tokenIds(row({ input_ids: [0, 127] }), config)).toEqual([0, 127]);
  });
});

describe("checkLength", () => {
  it("leaves room for what will follow", () => {
    const ids = Array<number>(60).fill(1);
    expect(() => checkLength(where, ids, config, 4)).not.toThrow();
    expect(() => checkLength(where, ids, config, 5)).toThrow("the prompt's 60 tokens and 5 new ones exceed");
    expect(() => checkLength(where, Array(65).fill(1), config)).toThrow(
      "65 tokens exceed the model's context of 64",
    );
    expect(() => checkLength(where, [], config)).toThrow("no tokens");
  });
});

import { describe, expect, it } from "vitest";
import jsonKeys from "../../recipes/json-keys.mjs";
import novelty from "../../recipes/novelty.mjs";
import { comparePolicies, type PolicySample } from "./policy-samples.js";

const sample = (model: number, brevity: number, ids: number[]): PolicySample => ({
  ids,
  text: "",
  reward: 2 * model + brevity,
  rewards: { model, brevity },
  finishReason: "stop",
});

describe("comparePolicies", () => {
  const prompts = ["a", "b"].map((text) => ({ text, ids: [1] }));
  const before = [sample(0, 4, [1, 2, 3, 4]), sample(2, 4, [5, 6, 7, 8])];
  const after = [sample(3, 4, [1, 2, 3]), sample(5, 0, [1, 2, 3])];
  const figures = comparePolicies(prompts, before, after, [1, 3]) ?? expect.unreachable();

  it("gives the gain of the sum and of each source, in deviations of the start", () => {
    expect(figures.rewardStd).toBeCloseTo(Math.sqrt(8), 12);
    expect(figures.gain.estimate).toBeCloseTo((6 + 2) / 2 / Math.sqrt(8), 12);
    expect(figures.gains.model.estimate).toBeCloseTo(3 / Math.sqrt(2), 12);
    expect(figures.gains.brevity.estimate).toBe(-2);
  });

  it("counts three-token sequences that occur once", () => {
    expect(figures.distinct3).toEqual({ before: 1, after: 0.5, ratio: 0.5 });
    expect(figures.length).toEqual({ before: 4, after: 3 });
    expect(figures.klPerResponse.estimate).toBe(2);
  });
});

describe("responses that could not be scored", () => {
  const prompts = ["a", "b", "c"].map((text) => ({ text, ids: [1] }));
  const unscored = (own: PolicySample): PolicySample => ({
    ...own,
    reward: null,
    rewards: { model: null, brevity: 4 },
  });
  const before = [sample(0, 4, [1, 2, 3]), unscored(sample(9, 9, [1])), sample(2, 4, [5, 6, 7])];
  const after = [sample(3, 4, [1, 2, 3]), sample(9, 9, [1]), sample(5, 4, [1, 2, 3])];

  it("are counted, with their prompts, and are in no figure", () => {
    const figures = comparePolicies(prompts, before, after, [1, 100, 3]) ?? expect.unreachable();
    expect(figures).toMatchObject({ prompts: 2, unscorable: 1, length: { before: 3, after: 3 } });
    expect(figures.klPerResponse.estimate).toBe(2);
    expect(figures.gains.model.estimate).toBeCloseTo(3 / Math.sqrt(2), 12);
  });

  it("leave nothing to compare where fewer than two prompts are left", () => {
    expect(comparePolicies(prompts, before, after.map(unscored), [1, 2, 3])).toBeUndefined();
    const [, , last] = after;
    expect(comparePolicies(prompts, before, [unscored(after[0]), after[1], last], [1, 2, 3])).toBeUndefined();
  });
});

describe("recipes/novelty.mjs", () => {
  it("is minus the share of sequences that another response has", () => {
    const ids = [
      [1, 2, 3, 4],
      [0, 1, 2, 3],
      [7, 7, 7, 7, 7],
      [1, 2],
    ];
    expect(novelty(ids.map((own) => ({ ids: own })))).toEqual([-0.5, -0.5, -0, -0]);
  });
});

describe("recipes/json-keys.mjs", () => {
  const score = (response: string, keys: unknown = ["name", "age"]) =>
    jsonKeys([{ prompt: "p", response, meta: { keys } }])[0];

  it("is 1 for an object with every key that the row asks for, a half for other JSON, 0 for no JSON", () => {
    expect(score(' {"age": null, "name": "Ann", "more": []}\n')).toBe(1);
    for (const other of ['{"name": "Ann"}', "{}", "[]", "7", "null", '"name age"', '["name", "age"]'])
      expect(score(other)).toBe(0.5);
    for (const none of ["", "{", "name, age", '{"name": 1, "age": 2} there', "{'name': 1}"])
      expect(score(none)).toBe(0);
  });

  it("counts own keys only", () => {
    expect(score("{}", ["toString"])).toBe(0.5);
    expect(score('{"__proto__": 1}', ["__proto__"])).toBe(1);
  });

  it("names a prompt whose row has no list of keys", () => {
    for (const keys of [undefined, "name", [1]])
      expect(() => jsonKeys([{ prompt: "p", response: "{}", meta: { keys } }])).toThrow(
        'prompt "p": expected a field "keys"',
      );
  });
});

/**
 * A reward function for answers that a program reads: 1 for a JSON object with every key that the prompt's row asks for, 0.5 for
 * other valid JSON, so that there is something to climb, 0 for the rest.
 *
 *   {"prompt": "Who is Ann? Answer in JSON.", "keys": ["name", "age"]}     # a row of --data
 *   rewardFunctions: [{ module: recipes/json-keys.mjs }]
 */
export default function jsonKeys(responses) {
  return responses.map(({ prompt, meta, response }) => {
    const { keys } = meta;
    if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string"))
      throw new Error(`prompt ${JSON.stringify(prompt)}: expected a field "keys" in its row, a list of strings`);
    const value = parse(response);
    if (value === undefined) return 0;
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    return isObject && keys.every((key) => Object.hasOwn(value, key)) ? 1 : 0.5;
  });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

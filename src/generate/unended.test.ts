import { expect, it } from "vitest";
import { EndCount } from "./unended.js";

it.each([
  [[], undefined],
  [[true], undefined],
  [[false, true, false], undefined],
  [[false], /^the answer did not end within 5 tokens/],
  [[false, false], /^none of the 2 answers ended within 5 tokens: raise --max-new-tokens/],
])("answers that ended: %j", (answers, expected) => {
  const count = new EndCount();
  for (const ended of answers) count.add(ended);
  const doubt = count.doubt(5);
  if (expected === undefined) expect(doubt).toBeUndefined();
  else expect(doubt).toMatch(expected);
});

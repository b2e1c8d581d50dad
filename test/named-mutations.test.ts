/** The list of named mutations stands beside the sources: each text that one replaces is in its file exactly once. */
import { existsSync, readFileSync } from "node:fs";
import { parseSync } from "vite";
import { expect, it } from "vitest";
// @ts-expect-error: a script without types
import { namedMutations } from "../scripts/mutations/named.mjs";

it("every named mutation replaces a text that stands once in its file, leaves a program, and names tests that exist", () => {
  const texts = new Map<string, string>();
  const wrong: string[] = [];
  for (const { name, file, find, replace, tests } of namedMutations) {
    if (!texts.has(file)) texts.set(file, readFileSync(file, "utf8"));
    const count = (texts.get(file) as string).split(find).length - 1;
    if (count !== 1) wrong.push(`${name}: its text occurs ${count} times`);
    if (find === replace) wrong.push(`${name}: changes nothing`);
    const [fault] = parseSync(
      file,
      (texts.get(file) as string).replace(find, () => replace),
    ).errors;
    if (fault !== undefined) wrong.push(`${name}: ${fault.message}`);
    for (const test of tests) if (!existsSync(test)) wrong.push(`${name}: there is no ${test}`);
  }
  expect(wrong).toEqual([]);
  expect(namedMutations.length).toBeGreaterThan(200);
});

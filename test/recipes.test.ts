import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { commands } from "../src/cli/command-list.js";
import { resolveConfig } from "../src/cli/config-values.js";
import { readRecipe } from "../src/cli/recipe.js";
import { settingsOf } from "../src/cli/settings.js";

const folder = fileURLToPath(new URL("../recipes/", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

describe.each(files)("recipes/%s", (file) => {
  const names = commands.map(({ name }) => name);

  it("opens with the commands that run it", async () => {
    const opening = readFileSync(folder + file, "utf8").split(/^[^#]/m)[0];
    const { sections } = await readRecipe(folder + file, names);
    for (const command of sections.keys()) expect(opening).toContain(`plumb ${command} recipes/${file}`);
  });

  it("has its settings in the order of the commands' help", async () => {
    const recipe = await readRecipe(folder + file, names);
    for (const [command, { lines }] of recipe.sections) {
      const { schema } =
        (await commands.find(({ name }) => name === command)?.load()) ?? expect.unreachable();
      const order = [...new Set(settingsOf(schema).map(({ path }) => path[0]))];
      const given = [...lines.keys()].filter((key) => !key.includes("."));
      expect(given).toEqual([...given].sort((a, b) => order.indexOf(a) - order.indexOf(b)));
    }
  });

  it("holds settings that its commands know", async () => {
    const recipe = await readRecipe(folder + file, names);
    for (const command of recipe.sections.keys()) {
      const entry = commands.find(({ name }) => name === command);
      const { schema } = (await entry?.load()) ?? expect.unreachable();
      resolveConfig(schema, command, { flags: {}, set: [], recipe });
    }
  });
});

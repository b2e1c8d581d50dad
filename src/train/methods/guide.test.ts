import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examineFile } from "../../data/index.js";
import { guideTable, METHOD_GUIDE, methodsThatFit } from "./guide.js";
import { METHODS } from "./index.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-guide-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The methods that fit two rows like this one, in their order, and why each fits or not. */
async function fitting(row: object) {
  const file = join(dir, "rows.jsonl");
  await writeFile(file, [row, row].map((one) => `${JSON.stringify(one)}\n`).join(""));
  const fits = methodsThatFit(await examineFile(file, { maxProblems: 5 }));
  expect(fits.map(({ method }) => method).sort()).toEqual(Object.keys(METHODS).sort());
  return {
    names: fits.filter((one) => one.fits).map(({ method }) => method),
    why: Object.fromEntries(fits.map(({ method, why }) => [method, why])),
  };
}
const ONLINE = ["ppo", "grpo", "rloo", "reinforce", "online-dpo", "rejection-sampling"];

describe("the methods that fit", () => {
  it("preferences: those that read pairs, KTO, and with a reward those that sample", async () => {
    const { names, why } = await fitting({ prompt: "a", chosen: "b", rejected: "c", noise: 0.1 });
    expect(names).toEqual(
      ["sft", "dpo", "orpo", "kto", "reward", ...ONLINE].filter((name) => names.includes(name as never)),
    );
    for (const name of ["dpo", "orpo", "kto", "reward", ...ONLINE]) expect(names).toContain(name);
    expect(why.dpo).toBe(
      "the rows hold preferences; their noise rates are read by --loss-type cdpo and robust",
    );
    expect(why.rloo).toBe(
      "it would read the prompts alone; needs a reward: --reward-model or --reward-functions",
    );
  });

  it("judged answers: KTO, and not DPO, which is told where to go", async () => {
    const { names, why } = await fitting({ prompt: "a", completion: "b", label: true });
    expect(names).toContain("kto");
    expect(names).not.toContain("dpo");
    expect(why.dpo).toContain("plumb kto learns from those");
    for (const name of ONLINE) expect(names).toContain(name);
  });

  it("demonstrations: SFT first", async () => {
    const { names, why } = await fitting({ prompt: "a", completion: "b" });
    expect(names).toEqual(["sft", ...ONLINE]);
    expect(why.kto).toContain("plumb sft learns from those");
  });

  it("prompts: those that sample, and they need a reward", async () => {
    const { names, why } = await fitting({ prompt: "a" });
    expect(names).toEqual(ONLINE);
    expect(why.ppo).toContain("the rows are prompts; needs a reward");
    expect(why.dpo).toContain("it has no answers");
  });
});

it("the guide has every method, and docs/methods.md has the guide", async () => {
  expect(Object.keys(METHOD_GUIDE).sort()).toEqual(Object.keys(METHODS).sort());
  const { header, rows } = guideTable();
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const marked = rows.map(([command, ...cells]) => line([`\`${command}\``, ...cells]));
  const table = [line(header), line(header.map(() => "---")).replaceAll(" ", ""), ...marked].join("\n");
  const file = new URL("../../../docs/methods.md", import.meta.url);
  const text = await readFile(file, "utf8");
  const between = /(<!-- methods -->\n)[\s\S]*?(\n?<!-- \/methods -->)/;
  if (process.env.UPDATE_METHODS === "1")
    await writeFile(file, text.replace(between, `$1\n${table}\n\n<!-- /methods -->`));
  expect(await readFile(file, "utf8")).toContain(`<!-- methods -->\n\n${table}\n\n<!-- /methods -->`);
});

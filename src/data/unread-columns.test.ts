import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDemonstrations, loadPreferences, loadPrompts } from "./load.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-unread-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let files = 0;
async function jsonl(...rows: object[]): Promise<string> {
  const path = join(dir, `rows-${files++}.jsonl`);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}
async function csv(text: string): Promise<string> {
  const path = join(dir, `rows-${files++}.csv`);
  await writeFile(path, text);
  return path;
}

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const human = (value: string) => ({ from: "human", value });
const gpt = (value: string) => ({ from: "gpt", value });
const sides = { chosen: [assistant("good")], rejected: [assistant("bad")] };

describe("cells of CSV", () => {
  it.each([
    [
      `"[{'role': 'user', 'content': 'u'}]","[{'role': 'assistant', 'content': 'good'}]","[{'role': 'assistant', 'content': 'bad'}]"`,
    ],
    [`"[{""role"": ""user"", ""content"": ""u""}]","[{""role"": ""assistant"", ""content"": ""good""}]",bad`],
    [
      `"[{'content': 'u', 'role': 'user'}]","[{'content': 'u', 'role': 'user'}\n {'content': 'good', 'role': 'assistant'}]",bad`,
    ],
  ])("hold messages as pandas and others write them: %s", async (cells) => {
    const rows = await loadPreferences(await csv(`prompt,chosen,rejected\n${cells}\n`));
    expect(rows).toMatchObject([{ prompt: [user("u")], ...sides }]);
  });

  it("that begin as messages and are none are refused", async () => {
    const path = await csv(`prompt,chosen,rejected\n"[{'role': 'user', 'content': ...}]",a,b\n`);
    await expect(loadPreferences(path)).rejects.toThrow(
      'line 2: field "prompt" is text that begins as a list',
    );
  });
});

it("whatever keys are added to a row, nothing of it changes without a word", async () => {
  const shapes: [object, (path: string, options: object) => Promise<object[]>][] = [
    [{ prompt: "u", completion: "a" }, loadDemonstrations],
    [{ messages: [user("u"), { ...assistant("a"), weight: 1 }] }, loadDemonstrations],
    [{ conversations: [human("u"), gpt("a")], system: "s" }, loadDemonstrations],
    [{ instruction: "i", input: "x", output: "a" }, loadDemonstrations],
    [{ prompt: "u", chosen: "a", rejected: "b", margin: 1 }, loadPreferences],
    [{ chosen: [user("u"), assistant("a")], rejected: [user("u"), assistant("b")] }, loadPreferences],
    [
      {
        input: { messages: [user("u")] },
        preferred_output: [assistant("a")],
        non_preferred_output: [assistant("b")],
      },
      loadPreferences,
    ],
    [
      {
        prompt: "u",
        completions: [
          { text: "a", rank: 1 },
          { text: "b", rank: 2 },
        ],
      },
      loadPreferences,
    ],
    [{ prompt: [user("u")] }, loadPrompts],
  ];
  const names = [
    ...[
      "id",
      "source",
      "system",
      "history",
      "tools",
      "instruction",
      "input",
      "question",
      "messages",
      "weight",
      "train",
    ],
    ...[
      "label",
      "margin",
      "images",
      "name",
      "tool_calls",
      "reasoning_content",
      "thinking",
      "train_detail",
      "prefix",
    ],
    ...[
      "chosen",
      "completion",
      "completions",
      "text",
      "kto_tag",
      "output",
      "content",
      "value",
      "from",
      "loss_mask",
    ],
  ];
  const value = fc.oneof(
    fc.constantFrom<unknown>("x", 1, 0, true, false, ["x"], { a: 1 }, [["x", "y"]], [user("w")]),
    fc.string(),
  );
  const objectsIn = (given: unknown): Record<string, unknown>[] =>
    typeof given !== "object" || given === null
      ? []
      : [
          ...(Array.isArray(given) ? [] : [given as Record<string, unknown>]),
          ...Object.values(given).flatMap(objectsIn),
        ];
  const core = (rows: object[]) =>
    JSON.stringify(rows.map(({ where: _, meta: __, ...row }: { where?: unknown; meta?: unknown }) => row));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...shapes),
      fc.oneof(fc.constantFrom(...names), fc.string({ minLength: 1, maxLength: 8 })),
      value,
      fc.nat(10),
      async ([shape, load], name, added, place) => {
        const before = core(await load(await jsonl(shape), {}));
        const row = structuredClone(shape);
        const objects = objectsIn(row);
        const target = objects[place % objects.length];
        if (Object.hasOwn(target, name) || name === "__proto__") return;
        target[name] = added;
        const warnings: string[] = [];
        let after: string;
        try {
          after = core(await load(await jsonl(row), { warn: (message: string) => warnings.push(message) }));
        } catch (error) {
          expect((error as Error).name).toBe("PlumbError");
          return;
        }
        const isSaid = warnings.some((message) => message.includes(`${name}"`));
        const holdsNothing = added === "" || added === null;
        // Read, so that the result is another; or named; or the flag that says what is so without it.
        const saysNothingNew =
          (name === "weight" && added === 1) ||
          ((name === "label" || name.startsWith("train")) && added === true);
        // Rows with answers are prompts too, without them and what is said of how turns are learned.
        const isAnswer =
          load === loadPrompts &&
          (target === row ? name === "completion" : name === "weight" || name.startsWith("train"));
        expect([isSaid, after !== before, holdsNothing, saysNothingNew, isAnswer]).toContain(true);
      },
    ),
    { numRuns: 150, seed: 20261128 },
  );
}, 60_000);

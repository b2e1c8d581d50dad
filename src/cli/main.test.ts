import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plumbHere } from "../../test/e2e/plumb-here.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-cli-"));
  await writeFile(join(dir, "pairs.jsonl"), '{"prompt":"p","chosen":"c","rejected":"r"}\n'.repeat(3));
  await writeFile(
    join(dir, "bad.jsonl"),
    '{"prompt":"p","chosen":"c","rejected":"r"}\n{"prompt":"p","chosen":1}\n',
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** The command line in this process. */
const plumb = (args: string[], input = "") => plumbHere(dir, args, input);

/** The command line as built, in a process of its own. */
function built(args: string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: dir,
    input,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("plumb", () => {
  it("gives results on stdout and 0, as JSON on request and nothing else", () => {
    const { status, stdout, stderr } = built(["data", "pairs.jsonl", "--json"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ format: "preference", rows: 3, problems: [] });
  });

  it("shows the first rows as training reads them, without those that are wrong", async () => {
    const chat = (content: string) =>
      JSON.stringify({
        conversations: [
          { from: "human", value: content },
          { from: "gpt", value: "Hi\u0085" },
        ],
        id: 7,
      });
    const rows = [chat("a"), '{"conversations": 3}', chat("b"), chat("c")].join("\n");
    const { status, stdout, stderr } = await plumb(["data", "-", "--show", "0", "--head", "2"], rows);
    expect(status).toBe(1);
    expect(stderr).toContain('line 2: field "conversations"');
    const [, , as, ...shown] = stdout.trim().split("\n");
    expect(as).toBe("As demonstrations:");
    expect(shown.map((line) => JSON.parse(line))).toEqual(
      ["a", "b"].map((content, i) => ({
        at: `stdin, line ${[1, 3][i]}`,
        kind: "messages",
        messages: [
          { role: "user", content },
          { role: "assistant", content: "Hi " }, // what could steer a terminal is a space
        ],
      })),
    );
    const json = JSON.parse((await plumb(["data", "-", "--head", "1", "--json"], chat("a"))).stdout);
    expect(json.head).toMatchObject({
      as: "demonstrations",
      rows: [{ messages: [{ content: "a" }, { content: "Hi\u0085" }] }],
    });
    expect(JSON.parse((await plumb(["data", "pairs.jsonl", "--json"])).stdout)).not.toHaveProperty("head");
  });

  it("reads stdin for -", () => {
    expect(built(["data", "-", "--json"], '{"text":"a"}\n').stdout).toContain('"format":"text"');
  });

  it("says what a file with wrong rows can be used for: nothing if all are wrong", async () => {
    const wrong = '{"prompt":"p","completion":3}\n';
    await writeFile(join(dir, "all-wrong.jsonl"), wrong.repeat(2));
    const all = await plumb(["data", "all-wrong.jsonl"]);
    expect(all.stdout).toContain("2 rows, prompt-completion format; usable as nothing here\n");
    expect(all.stderr).toContain("2 rows are wrong");
    await writeFile(join(dir, "one-wrong.jsonl"), `${wrong}{"prompt":"p","completion":"c"}\n`);
    const one = await plumb(["data", "one-wrong.jsonl"]);
    expect(one.stdout).toContain("usable as demonstrations, prompts once every row is right\n");
    expect(one.stderr).toContain("1 row is wrong");
  });

  it("says which methods fit a file and why the others do not, or what each is for", async () => {
    const { stdout } = await plumb(["methods", "--data", "pairs.jsonl"]);
    expect(stdout).toContain("✓ plumb dpo");
    expect(stdout).toContain("needs a reward: --reward-model or --reward-functions");
    await writeFile(join(dir, "asked.jsonl"), '{"prompt":"p"}\n');
    const { methods } = JSON.parse((await plumb(["methods", "asked.jsonl", "--json"])).stdout);
    expect(methods[0]).toMatchObject({ method: "ppo", fits: true, reads: "prompts", reward: true });
    expect(methods.at(-1)).toMatchObject({
      fits: false,
      why: expect.stringContaining("asked.jsonl, line 1"),
    });
    expect((await plumb(["methods"])).stdout).toContain("plumb rejection-sampling");
  });

  it("ends with 1 for bad input, naming it", () => {
    const { status, stderr } = built(["data", "bad.jsonl"]);
    expect(status).toBe(1);
    expect(stderr).toContain('bad.jsonl, line 2: field "');
    expect(stderr).not.toContain("    at ");
  });

  it.each([
    [["data", "--limt", "3"], "Did you mean --limit?"],
    [["dta"], "Did you mean data?"],
    [["data", "pairs.jsonl", "--set", "limt=3"], 'Did you mean "limit"?'],
    [["data"], 'setting "file" is missing'],
    [["data", "a", "b"], "too many arguments"],
  ])("ends with 2 for the command line %j", async (args, message) => {
    const { status, stdout, stderr } = await plumb(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  it("ends with 2 for a wrong command line as built, too", () => {
    expect(built(["dta"]).status).toBe(2);
  });

  it("shows help without loading the commands", async () => {
    const { status, stdout } = built(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toContain("show what a dataset file holds");
    expect((await plumb(["data", "--help"])).stdout.replace(/\s+/g, " ")).toMatch(
      /--max-problems <n> +problems to list[^(]*\(at least 1, at most 1000; default 10\)/,
    );
  });

  it("ends quietly when the reader of its output is gone", async () => {
    await writeFile(join(dir, "long.jsonl"), '{"text":"a"}\n'.repeat(100));
    const child = spawn(process.execPath, [MAIN, "data", "long.jsonl", "--show", "100"], { cwd: dir });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { type Command, type CommandContext, type CommandEntry, defineCommand } from "./command.js";
import { runProgram } from "./program.js";

const schema = z.object({
  steps: z.number().int().default(3).describe("updates"),
  fast: z.boolean().default(true),
});

function entry(
  run: (context: CommandContext, config: z.output<typeof schema>) => Promise<void>,
): CommandEntry {
  const command: Command = defineCommand({ description: "d", examples: [], schema, run });
  return { name: "train", summary: "s", load: async () => command };
}

/** Runs `plumb <args>`, with what it wrote. */
async function run(args: string[], body: Parameters<typeof entry>[0]) {
  let [stdout, stderr] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  const status = await runProgram(args, [entry(body)], "0.0.0");
  return { status, stdout, stderr };
}

afterEach(() => vi.restoreAllMocks());

describe("runProgram", () => {
  it("hands over config, globals and the command line", async () => {
    const seen: unknown[] = [];
    const { status } = await run(
      ["train", "--steps", "7", "--no-fast", "--json", "--set", "steps=1"],
      async (context, config) => {
        seen.push(context.json, context.commandLine, config);
      },
    );
    expect(status).toBe(0);
    expect(seen).toEqual([
      true,
      "plumb train --steps 7 --no-fast --json --set steps=1",
      { steps: 7, fast: false },
    ]);
  });

  it("keeps what people are told apart from results", async () => {
    const body = async ({ ui }: CommandContext) => {
      ui.info("working");
      const bar = ui.progress({ label: "train", total: 2, unit: "steps" });
      bar.update(1, { reward: 0.5 });
      bar.end();
      await ui.result({ a: 1 }, () => "a is 1");
    };
    const plain = await run(["train"], body);
    expect(plain.stdout).toBe("a is 1\n");
    expect(plain.stderr).toMatch(
      /^working\ntrain: 1\/2 steps, .*reward 0\.500\ntrain: 1\/2 steps in 0:00, reward 0\.500\n$/,
    );
    expect(await run(["train", "--json", "--quiet"], body)).toEqual({
      status: 0,
      stdout: '{"a":1}\n',
      stderr: "",
    });
  });

  it("ends with a person's error in its own words and status, free of control characters", async () => {
    const { status, stderr } = await run(["train"], async () => {
      throw new PlumbError("the disk\u001b[31m is full", { hint: "free some" });
    });
    expect(status).toBe(1);
    expect(stderr).toBe("error: the disk [31m is full\n hint: free some\n");
  });

  it("ends with 70, a stack and a request to report for a defect", async () => {
    const { status, stderr } = await run(["train"], async () => {
      throw new TypeError("x is undefined");
    });
    expect(status).toBe(70);
    expect(stderr).toMatch(/defect of Plumbline[\s\S]*TypeError: x is undefined[\s\S]* at [\s\S]*report it/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("lets the command save on %s, then ends with 130", async (name) => {
    let saved = false;
    const { status, stderr } = await run(["train"], async ({ signal }) => {
      process.emit(name, name);
      expect(signal.aborted).toBe(true);
      saved = true;
    });
    expect({ status, saved }).toEqual({ status: 130, saved: true });
    expect(stderr).toContain("saving; press Ctrl-C again to quit at once");
  });

  it("ends with 130 when the signal itself was what the command threw", async () => {
    const { status, stderr } = await run(["train"], async ({ signal }) => {
      process.emit("SIGINT", "SIGINT");
      signal.throwIfAborted();
    });
    expect(status).toBe(130);
    expect(stderr).not.toContain("defect");
  });
});

import { expect, it, vi } from "vitest";
import { MinuteLines } from "./minutes.js";
import { LogOutput, type WriteBytes } from "./output.js";

/** Where writing succeeds, or fails with an error of the operating system, as a test wants. */
function place() {
  const seen = { text: "", code: undefined as string | undefined, most: Number.POSITIVE_INFINITY };
  const writeBytes: WriteBytes = (bytes, done) =>
    queueMicrotask(() => {
      if (seen.code !== undefined) return done(Object.assign(new Error(seen.code), { code: seen.code }), 0);
      const part = bytes.subarray(0, seen.most);
      seen.text += part.toString("latin1");
      return done(null, part.length);
    });
  const output = new LogOutput((lost, code) => `lost ${lost} ${code}\n`, writeBytes);
  return { seen, output };
}

const later = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

it("writes lines in their order, also where a write takes only a part", async () => {
  const { seen, output } = place();
  seen.most = 3;
  output.write("one\n");
  output.write("two, longer\n");
  await output.flush(1000);
  expect(seen.text).toBe("one\ntwo, longer\n");
  expect(output.unwritten).toBe(0);
});

it.each(["ENOSPC", "EPIPE", "EIO"])(
  "goes on where writing fails with %s, and then says what was lost",
  async (code) => {
    vi.useFakeTimers();
    try {
      const { seen, output } = place();
      seen.code = code;
      output.write("a\n");
      await later(10);
      expect(output.unwritten).toBe(1);
      output.write("b\n");
      await later(1500);
      expect(output.unwritten).toBe(2);
      seen.code = undefined;
      output.write("c\n");
      await later(1500);
      expect(seen.text).toBe(`lost 2 ${code}\nc\n`);
      expect(output.unwritten).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  },
);

it("keeps the lines for a reader that is slow, up to a limit", async () => {
  vi.useFakeTimers();
  try {
    const { seen, output } = place();
    seen.code = "EAGAIN";
    const line = `${"x".repeat(999)}\n`;
    for (let i = 0; i < 2000; i++) output.write(line);
    await later(200);
    expect(output.unwritten).toBe(2000);
    seen.code = undefined;
    await later(200);
    expect(seen.text.split("\n").filter((text) => text.startsWith("x"))).toHaveLength(1001);
    expect(seen.text).toContain("lost 999 EAGAIN");
    expect(output.unwritten).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

it("does not wait for ever for a reader that does not come", async () => {
  const { seen, output } = place();
  seen.code = "EAGAIN";
  output.write("a\n");
  const began = performance.now();
  await output.flush(100);
  expect(performance.now() - began).toBeLessThan(2000);
  expect(output.unwritten).toBe(1);
});

it("tells people a line a minute, and what went wrong at once", () => {
  const said: string[] = [];
  const at = new Date(2026, 0, 2, 3, 4, 5);
  const lines = new MinuteLines({ write: (text) => said.push(text) }, () => at);
  const line = (more: object) => lines.write(JSON.stringify({ level: 30, msg: "request", ...more }));
  line({ operation: "castVote", status: 200, milliseconds: 12 });
  line({ operation: "castVote", status: 409, milliseconds: 3 });
  line({ operation: "takeItems", status: 200, milliseconds: 84 });
  line({ level: 40, operation: "castVote", status: 503, milliseconds: 1, why: "The disk is full." });
  expect(said).toEqual([]);
  lines.tell();
  expect(said).toEqual(["03:04:05  1 vote, 4 requests, slowest 84 ms; 1 refused: The disk is full.\n"]);
  lines.tell();
  lines.write(JSON.stringify({ level: 50, msg: "defect", err: { stack: "Error: x\n    at y" } }));
  lines.end();
  expect(said.slice(1)).toEqual(["03:04:05  error: defect: Error: x\n    at y\n"]);
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { processRuns } from "./process-runs.js";

it("tells a process that runs from one that has ended", async () => {
  expect(processRuns(process.pid)).toBe(true);
  expect(processRuns(1)).toBe(true);
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  expect(processRuns(child.pid as number)).toBe(false);
});

it.runIf(existsSync("/proc/self/stat"))(
  "counts a zombie, which has ended and waits for its parent, as ended",
  async () => {
    // The shell ends its child and then becomes a program that never asks for it.
    const parent = spawn("sh", ["-c", "sleep 0.01 & echo $!; exec sleep 30"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(line.toString());
      await expect.poll(() => processRuns(pid), { timeout: 10_000 }).toBe(false);
      // It is still there for the system.
      expect(() => process.kill(pid, 0)).not.toThrow();
    } finally {
      parent.kill();
    }
  },
);

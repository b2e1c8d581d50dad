import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/check-soak.mjs", import.meta.url));

test("hundreds of programs of changing shapes leave memory as it was", { timeout: 180_000 }, () => {
  const flags = ["--expose-gc", "--max-semi-space-size=1"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, SCRIPT, "600"], {
    encoding: "utf8",
  });
  expect(status, stdout + stderr).toBe(0);
  expect(stderr).toBe("");
});

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Vitest's global set-up: builds dist/ once, for the tests that run `node dist/cli/main.js`. */
export default function build(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const built = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`npm run build failed:\n${built.stdout}${built.stderr}`);
}

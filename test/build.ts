import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Vitest's global set-up: builds dist/ for the tests that run `node dist/cli/main.js`, unless it is of these sources
 * already.
 */
export default function build(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const built = spawnSync("npm", ["run", "--silent", "build", "--", "--if-changed"], {
    cwd: root,
    encoding: "utf8",
  });
  if (built.status !== 0) throw new Error(`npm run build failed:\n${built.stdout}${built.stderr}`);
}

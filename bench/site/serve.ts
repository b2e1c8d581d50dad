/** A server in its own process, as `plumb serve` starts it, and its first admin. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accounts, projects } from "../../src/server/contract/index.js";
import { FeedbackClient } from "../../src/server/index.js";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const PASSWORD = "a password that is long";
const MAIN = fileURLToPath(new URL("../../../../dist/cli/main.js", import.meta.url));

export interface Served {
  url: string;
  admin: FeedbackClient;
  close(): Promise<void>;
}

export async function serve(): Promise<Served> {
  const dir = mkdtempSync(join(tmpdir(), "plumb-site-"));
  const limits = ["signIn", "address", "account"].flatMap((name) => ["--set", `limits.${name}=1000000`]);
  const child = spawn(
    process.execPath,
    [MAIN, "serve", "--port", "0", "--json", "--log-level", "error", ...limits],
    { cwd: dir, stdio: ["ignore", "pipe", "inherit"] },
  );
  const line = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (text.includes("\n")) resolve(text.split("\n")[0]);
    });
    child.on("exit", (code) => reject(new Error(`plumb serve ended with ${code}`)));
  });
  const { url, firstAdmin } = JSON.parse(line) as { url: string; firstAdmin: string };
  const admin = new FeedbackClient({ url });
  await admin.acceptInvitation({ token: firstAdmin.split("#")[1], login: "lead", password: PASSWORD });
  return {
    url,
    admin,
    async close() {
      admin.close();
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A rater's account in the project, by invitation. */
export async function rater({ url, admin }: Served, project: string, login: string): Promise<FeedbackClient> {
  const { token } = await admin.call(accounts.inviteToProject, { params: { project }, body: {} });
  const client = new FeedbackClient({ url });
  await client.acceptInvitation({ token, login, password: PASSWORD });
  return client;
}

export async function addItems({ admin }: Served, project: string, items: unknown[]): Promise<void> {
  await admin.call(projects.importItems, { params: { project }, body: { items: items as never } });
}

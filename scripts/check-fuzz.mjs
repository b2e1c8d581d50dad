// npm run check:fuzz: schemathesis (PyPI) against a running server, from its own OpenAPI document; fails on any 5xx and
// on answers that do not have the form that the document states. PLUMB_SCHEMATHESIS names the program if it is not in
// the PATH.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { FeedbackClient } from "../dist/server/index.js";

const PASSWORD = "a password for the fuzz";
// Routes that would end the session that the requests use; src/server/fuzz.test.ts and sessions.test.ts test them.
const ENDS = ["signOut", "endSession", "changePassword", "changeAccount", "forgetRater"];
const schemathesis = process.env.PLUMB_SCHEMATHESIS ?? "schemathesis";
const examples = process.env.PLUMB_FUZZ_EXAMPLES ?? "50";
const dir = mkdtempSync(join(tmpdir(), "plumb-fuzz-"));
const limits = ["account", "address", "signIn"].flatMap((name) => ["--set", `limits.${name}=10000000`]);
const args = ["serve", "--json", "--port", "0", "--db", join(dir, "fuzz.db"), "--log-level", "error", ...limits];
const server = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", "pipe", "inherit"] });
let status = 1;
try {
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  const { url, firstAdmin } = JSON.parse(line);
  const admin = new FeedbackClient({ url });
  await admin.acceptInvitation({ token: firstAdmin.split("#")[1], login: "root", password: PASSWORD });
  const session = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ login: "root", password: PASSWORD }),
  });
  const cookie = session.headers.get("set-cookie").split(";")[0];
  const token = (await session.json()).csrf;
  admin.close();
  const run = spawnSync(
    schemathesis,
    [
      "run",
      `${url}/openapi.json`,
      ...["--header", `Cookie: ${cookie}`, "--header", `X-CSRF-Token: ${token}`],
      ...ENDS.flatMap((operation) => ["--exclude-operation-id", operation]),
      ...["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"],
      ...["--max-examples", examples, "--seed", "1", "--request-timeout", "30"],
      // A busy machine generates requests slowly, which is not a finding.
      ...["--suppress-health-check", "too_slow"],
    ],
    { stdio: "inherit", cwd: dir },
  );
  if (run.error) console.error(`cannot run ${schemathesis}: ${run.error.message}; install schemathesis from PyPI`);
  status = run.status ?? 1;
  // If the session has ended, the later requests were refused for that and tested nothing.
  const after = await fetch(`${url}/api/v1/session`, { headers: { Cookie: cookie } });
  if (after.status !== 200) {
    console.error(`the session had ended: ${after.status}`);
    status = 1;
  }
} finally {
  server.kill("SIGTERM");
  await once(server, "exit");
  rmSync(dir, { recursive: true, force: true });
}
process.exit(status);

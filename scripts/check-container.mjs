// npm run check:container: does the steps of deploy/Containerfile in a folder of their own, as a builder would, starts what
// they make as a container would, twice over the same data, and then as deploy/plumbline.service does. It takes the files that
// git has or would take; folders of the image lie below the folder, and base images are this machine. As root, what is started
// runs as nobody. Needs the npm registry or a filled cache.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, copyFileSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const root = mkdtempSync(join(tmpdir(), "plumb-container-"));
const stages = new Map();
let stage;
const fail = (text) => {
  throw new Error(text);
};
/** A path of the image, as one of this machine. @param env of the stage, in which its own folders are spelt. */
const inStage = (path, { folder, cwd } = stage) => (path.startsWith("/") ? join(folder, path) : join(folder, cwd, path));

/** Instructions with their arguments; a backslash at the end of a line goes on with the next. */
function instructions(text) {
  const lines = text.replace(/\\\n/g, " ").split("\n");
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? fail(`not an instruction: ${line}`);
      return { name, rest };
    });
}

const DOES = {
  FROM(rest) {
    const [, , as] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? fail(`FROM ${rest}`);
    const folder = join(root, `stage-${stages.size}`);
    mkdirSync(folder);
    stage = { folder, cwd: "/", env: {}, health: undefined, entry: undefined };
    stages.set(as ?? "last", stage);
  },
  WORKDIR(rest) {
    stage.cwd = rest;
    mkdirSync(inStage(rest), { recursive: true });
  },
  COPY(rest) {
    const [, from, source, target] = /^(?:--from=(\S+)\s+)?(\S+)\s+(\S+)$/.exec(rest) ?? fail(`COPY ${rest}`);
    if (from !== undefined) cpSync(inStage(source, stages.get(from)), inStage(target), { recursive: true });
    else for (const file of sourceFiles()) {
      const to = join(inStage(target), file);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(file, to);
    }
  },
  RUN(rest) {
    if (/^chown /.test(rest)) return;
    console.log(`${stage.cwd}$ ${rest}`);
    execFileSync("sh", ["-ec", rest], { cwd: inStage("."), stdio: ["ignore", "ignore", "inherit"] });
  },
  ENV(rest) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(rest) ?? fail(`ENV ${rest}`);
    const path = (part) => (part.startsWith("/") ? join(stage.folder, part) : part);
    stage.env[name] = value.split(":").map((part) => (part === `$${name}` ? process.env[name] : path(part))).join(":");
  },
  HEALTHCHECK(rest) {
    stage.health = rest.replace(/^CMD /, "");
  },
  ENTRYPOINT(rest) {
    stage.entry = JSON.parse(rest);
  },
  USER: (rest) => rest === "root" && fail("the server would run as root"),
  VOLUME() {},
  EXPOSE() {},
};

/** What a builder is given: what git has or would take, and is still there. */
function sourceFiles() {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { encoding: "utf8" });
  return listed.split("\0").filter((file) => file !== "" && existsSync(file) && lstatSync(file).isFile());
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Starts a command, waits until it is ready, does something with its address, and stops it. */
async function whileRunning([program, ...args], { cwd, env }, work) {
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (nobody.uid !== undefined) chownSync(cwd, nobody.uid, nobody.gid);
  const child = spawn(program, args, { cwd, env: { ...process.env, DATABASE_URL: "", HOME: cwd, ...env }, ...nobody });
  let told = "";
  child.stderr.on("data", (data) => (told += data));
  try {
    const ended = once(child, "exit").then(([status]) => fail(`${program} ${args.join(" ")} ended with ${status}:\n${told}`));
    ended.catch(() => undefined);
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
    await work(JSON.parse(line));
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    const [status] = await exit;
    if (status !== 0) fail(`after SIGTERM it ended with ${status}:\n${told}`);
  } finally {
    child.kill("SIGKILL");
  }
}

try {
  for (const { name, rest } of instructions(readFileSync("deploy/Containerfile", "utf8")))
    (DOES[name] ?? fail(`an instruction that this script does not know: ${name}`))(rest);
  const { entry, env, health, folder } = stages.get("last");
  const data = join(folder, "data");
  // Programs that run as nobody have to reach it.
  execFileSync("chmod", ["a+rx", root]);
  const port = await freePort();
  // The reader of the first line needs --json; the port of the image may be taken here.
  const command = [...entry, "--json", "--port", String(port), "--public-url", `http://127.0.0.1:${port}`];
  const healthy = () => {
    const asked = health.replaceAll("8080", String(port));
    execFileSync("sh", ["-c", asked], { cwd: data });
  };
  await whileRunning(command, { cwd: data, env }, async ({ url, firstAdmin }) => {
    healthy();
    const body = { token: firstAdmin.split("#")[1], login: "root", password: "a password for the container" };
    const headers = { "Content-Type": "application/json" };
    const made = await fetch(`${url}/api/v1/invitations/accept`, { method: "POST", headers, body: JSON.stringify(body) });
    if (made.status !== 201) fail(`the first admin's invitation was answered ${made.status}`);
    const page = await (await fetch(`${url}/desk`)).text();
    if (!page.includes('id="app"')) fail("the pages are not in the image");
  });
  await whileRunning(command, { cwd: data, env }, async ({ firstAdmin }) => {
    healthy();
    if (firstAdmin !== undefined) fail("the accounts were not kept");
  });
  const backup = ["plumb", ["backup", "--out", "votes.jsonl.gz"]];
  execFileSync(...backup, { cwd: data, env: { ...process.env, DATABASE_URL: "", ...env }, stdio: "ignore" });
  // The unit's command, in a folder of its own, with the port that is free.
  const unit = readFileSync("deploy/plumbline.service", "utf8");
  const [, start] = /^ExecStart=\S+\/(plumb .*)$/m.exec(unit) ?? fail("the unit has no ExecStart");
  const state = join(root, "state");
  mkdirSync(state);
  await whileRunning([...start.split(" "), "--json", "--port", "0"], { cwd: state, env }, async ({ url, firstAdmin }) => {
    if (!firstAdmin.startsWith(`${url}/join#`)) fail(`the link is ${firstAdmin}, the address ${url}`);
  });
  console.log("the image's steps and the unit's command work");
} finally {
  rmSync(root, { recursive: true, force: true });
}

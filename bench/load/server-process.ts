import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface ServerProcess {
  url: string;
  pid: number;
  /** Token of the link for the first admin. */
  firstAdmin: string | undefined;
  /** Sends SIGTERM. @returns the exit status. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Starts `plumb serve` and waits until it is ready.
 *
 * @param port 0 takes any.
 * @param log file descriptor that its log goes to; without one it goes nowhere.
 */
export async function startServerProcess(
  { database, keyFile }: { database: string; keyFile: string },
  port: number,
  log: number | "ignore" = "ignore",
): Promise<ServerProcess> {
  const limits = ["account", "address", "signIn"].flatMap((name) => ["--set", `limits.${name}=10000000`]);
  const args = [
    "dist/cli/main.js",
    "serve",
    "--json",
    "--db",
    database,
    "--key-file",
    keyFile,
    "--port",
    String(port),
    ...limits,
  ];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", log] });
  const exited = once(child, "exit") as Promise<[number | null]>;
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([
    once(lines, "line"),
    exited.then(([status]) => Promise.reject(new Error(`plumb serve ended with ${status}`))),
  ])) as [string];
  const { url, firstAdmin } = JSON.parse(line) as { url: string; firstAdmin?: string };
  return {
    url,
    pid: child.pid as number,
    firstAdmin: firstAdmin?.split("#")[1],
    async stop() {
      child.kill("SIGTERM");
      return (await exited)[0];
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

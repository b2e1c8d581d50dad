import { getPriority } from "node:os";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";

it.runIf(process.platform === "linux")(
  "a thread gives way, and no other thread of the process does",
  async () => {
    const before = getPriority();
    const module = new URL("../../dist/base/give-way.js", import.meta.url).href;
    const text = `
    import { getPriority } from "node:os";
    import { parentPort } from "node:worker_threads";
    import { giveWay } from "${module}";
    giveWay();
    parentPort.postMessage(getPriority(0));`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`));
    const inside = await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    expect(inside).toBeGreaterThanOrEqual(5);
    expect(getPriority()).toBe(before);
  },
);

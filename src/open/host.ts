import type { Host } from "../base/host.js";
import type { Runtime } from "../runtime/runtime.js";

/** What starts work on models, and the runtime for it. */
export interface WorkHost extends Host {
  runtime: Runtime;
}

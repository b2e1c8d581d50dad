import type { Host } from "../base/host.js";
import type { Runtime } from "../runtime/runtime.js";

/** Who starts work on models, and the runtime that it is done on. */
export interface WorkHost extends Host {
  runtime: Runtime;
}

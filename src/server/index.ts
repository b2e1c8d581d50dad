/**
 * The feedback server: the store over HTTP, for people who sign in and for programs with keys. `contract/` declares the
 * routes as data, `routes/` answers them, `openapi.ts` documents them and `client.ts` calls them.
 *
 * @example
 * import { ServerSettings, startServer } from "plumbline/server";
 *
 * const settings = ServerSettings.parse({});
 * const where = { database: "plumb.db", host: "127.0.0.1", port: 8080 };
 * const server = await startServer({ ...where, logLevel: "info", settings });
 * console.log(server.origin);
 */

export type { Role, Scope } from "../feedback/store/accounts/identity.js";
export type { Passwords } from "./accounts/passwords.js";
export type { AnalysisJob, AnalysisRunner } from "./analysis/runner.js";
export type { Environment } from "./app.js";
export { API, createApp } from "./app.js";
export type { Given } from "./client.js";
export { ClientError, type ClientOptions, FeedbackClient } from "./client.js";
export type { Access, Contract, Method } from "./contract/contract.js";
export { accounts, analysis, contracts, projects, results, work } from "./contract/index.js";
export { localLead } from "./local-lead.js";
export type { Json, Operation } from "./openapi.js";
export { type OpenApi, openApi } from "./openapi.js";
export { createServices, type Services } from "./services.js";
export { ServerLimits, ServerSettings } from "./settings.js";
export type { TakenLease } from "./simulate.js";
export { RaterClient, type SimulatedWork, type SimulationPlan, simulateRaters } from "./simulate.js";
export { type RunningServer, type ServerOptions, startServer } from "./start.js";

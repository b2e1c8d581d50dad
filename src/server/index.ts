/**
 * The feedback server: the store over HTTP, for people who sign in and for programs with keys. `contract/` declares the
 * routes as data, `routes/` answers them, `openapi.ts` documents them and `client.ts` calls them.
 *
 * @example
 * const app = createApp(createServices(store, { origin: "http://localhost:8080", log }));
 * const answer = await app.request("/api/v1/session");
 */
export { API, createApp } from "./app.js";
export { ClientError, type ClientOptions, FeedbackClient } from "./client.js";
export { accounts, analysis, contracts, projects, results, work } from "./contract/index.js";
export { localLead } from "./local-lead.js";
export { type OpenApi, openApi } from "./openapi.js";
export { createServices, type Services } from "./services.js";
export { ServerLimits, ServerSettings } from "./settings.js";
export { RaterClient, type SimulatedWork, type SimulationPlan, simulateRaters } from "./simulate.js";
export { type RunningServer, type ServerOptions, startServer } from "./start.js";

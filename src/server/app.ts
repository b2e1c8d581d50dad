import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import { getPath } from "hono/utils/url";
import { checkAccess, checkProject, guardedStore } from "./access.js";
import { authenticate } from "./accounts/authenticate.js";
import type { Principal } from "./accounts/principal.js";
import { type Contract, takesBody } from "./contract/index.js";
import type { Call, Endpoint, Request } from "./endpoint.js";
import { readJson } from "./http/body.js";
import { clientAddress } from "./http/client-address.js";
import { asRequestError, errorAnswer, invalid } from "./http/errors.js";
import { SECURITY_HEADERS, STRICT_TRANSPORT } from "./http/headers.js";
import { linesAnswer } from "./http/lines.js";
import { hostAllowed, pathBelow } from "./http/origin.js";
import { RequestError } from "./http/request-error.js";
import { addPages } from "./pages/index.js";
import { endpoints } from "./routes/index.js";
import type { Services } from "./services.js";

/** Path prefix of the API. */
export const API = "/api/v1";

/** What a request carries through the server: its id, its operation, and why it was refused. */
export type Environment = { Variables: { requestId: string; operation: string; why?: string } };

/**
 * The server's whole behaviour as a function of its services; `app.request` calls it without a port.
 *
 * @example const app = createApp(createServices(store, { origin: "http://localhost:8080", log }));
 */
export function createApp(services: Services): Hono<Environment> {
  const app = new Hono<Environment>({
    getPath: (request) => pathBelow(services.base, getPath(request)),
  });
  const secure = services.origin.startsWith("https:");
  const headers = { ...SECURITY_HEADERS, ...(secure && { "Strict-Transport-Security": STRICT_TRANSPORT }) };

  // A request's id finds it in the log and need not be secret: random letters for this process, and a count.
  const start = randomBytes(6).toString("base64url");
  let requests = 0;
  app.use(async (c, next) => {
    const began = performance.now();
    const requestId = `${start}${(++requests).toString(36)}`;
    c.set("requestId", requestId);
    c.set("operation", "unknown");
    services.metrics.queue.inc();
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    c.header("X-Request-Id", requestId);
    try {
      if (!hostAllowed(c.req.header("host") ?? new URL(c.req.url).host, services.origin))
        throw new RequestError(421, "This server does not answer for that host.", {
          hint: "Start it with --public-url, the address under which people reach it.",
        });
      await next();
    } finally {
      services.metrics.queue.dec();
      const milliseconds = performance.now() - began;
      const [operation, status] = [c.get("operation"), c.res.status];
      services.metrics.answered(operation, status, milliseconds / 1000);
      // What the server could not do is a warning, with the reason.
      const why = c.get("why");
      const line = { requestId, operation, status, milliseconds: Math.round(milliseconds) };
      services.log[why === undefined ? "info" : "warn"]({ ...line, ...(why && { why }) }, "request");
    }
  });
  app.onError((error, c) => {
    const refused = asRequestError(error);
    if (refused?.status === 503) c.set("why", reasonOf(error));
    if (refused !== undefined) return errorAnswer(c, refused, c.get("requestId"));
    services.log.error(
      { err: error, requestId: c.get("requestId"), operation: c.get("operation") },
      "defect",
    );
    const message = "Something went wrong on the server; nothing was changed.";
    return c.json({ error: { message, request: c.get("requestId") } }, 500);
  });

  const methods = new Map<string, string[]>();
  for (const endpoint of endpoints) {
    const { method, path } = endpoint.contract;
    const route = API + path.replace(/\{(\w+)\}/g, ":$1");
    app.on(method.toUpperCase(), route, (c) => serve(c, endpoint, services));
    methods.set(route, [...(methods.get(route) ?? []), method.toUpperCase()]);
  }
  for (const [route, allowed] of addPages(app, services)) methods.set(route, allowed);
  for (const [route, allowed] of methods)
    app.all(route, () => {
      throw new RequestError(405, `This address accepts only ${allowed.join(", ")}.`, {
        headers: { Allow: allowed.join(", ") },
      });
    });
  app.notFound((c) =>
    errorAnswer(
      c,
      new RequestError(404, "There is nothing at this address.", { hint: "See /docs." }),
      c.get("requestId"),
    ),
  );
  return app;
}

/** Answers one request of the API. */
async function serve(
  c: Context<Environment>,
  { contract, work }: Endpoint,
  services: Services,
): Promise<Response> {
  c.set("operation", contract.id);
  const { access } = contract;
  // 1. Who asks, and how often.
  const address = clientAddress(c, services.settings.proxies);
  services.limits.address.take(address);
  const known = await authenticate(c, services);
  if (known !== undefined) services.limits.account.take(known.account);
  // 2. Whether they may. A body may take long to arrive, and an answer to be read: it is asked again then.
  checkAccess(access, known);
  const params = parse(contract.params, c.req.param(), "path");
  const mayNow = async (principal: Principal | undefined) => {
    checkAccess(access, principal);
    const { project: who } = access;
    return principal !== undefined && (who === "staff" || who === "member")
      ? checkProject(services.store, principal, String(params.project), who)
      : undefined;
  };
  const mayStill = async () => mayNow(await authenticate(c, services));
  let belonging = await mayNow(known);
  // 3. What they ask.
  const query = parse(contract.query, c.req.query(), "query");
  let body: unknown;
  if (takesBody(contract)) {
    body = await readJson(c, contract.bodyLimit);
    belonging = await mayStill();
    body = parse(contract.body, body, "body");
  }
  const request: Request<Contract> = { params, query, body };
  // 4. The answer.
  const lane = forRaters(contract) ? services.store : services.leadStore;
  const store =
    known === undefined || access.roles === "anyone"
      ? lane
      : guardedStore(lane, access, known, belonging?.project.id);
  const call = { ...services, store, principal: known, ...belonging, address, http: c } as Call;
  const result = await work(request, call);
  if (contract.lines) return linesAnswer(c, result as AsyncIterable<unknown>, services.log, mayStill);
  return contract.status === 204 ? c.body(null, 204) : c.json(result, contract.status);
}

/** Why something could not be done now, for the log: the message, and what the database itself said. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

/** Whether raters call it too: what they ask for waits for nobody's long reads. */
const forRaters = ({ access: { roles } }: Contract): boolean => roles === "anyone" || roles.includes("rater");

function parse<T>(
  schema: {
    safeParse(
      value: unknown,
    ): { success: true; data: T } | { success: false; error: Parameters<typeof invalid>[0] };
  },
  value: unknown,
  where: string,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error, where === "body" ? undefined : where);
}

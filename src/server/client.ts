/** A small client of the API, typed by its contracts: for simulated raters, the commands and tests. */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as SecureAgent } from "node:https";
import type { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { accounts, type Contract, takesBody } from "./contract/index.js";

/** Most bytes of an answer. */
const MAX_ANSWER = 256 * 1024 * 1024;
const TIMEOUT_MILLISECONDS = 60_000;

/** Where a client asks, and by what right. */
export interface ClientOptions {
  /** Scheme, host and port, and the path below which the server lies, if there is one. */
  url: string;
  /** API key; without one, sign in or accept an invitation. */
  key?: string;
}

/** The server refused a request, or could not be reached (status 0). */
export class ClientError extends PlumbError {
  constructor(
    readonly status: number,
    message: string,
    hint?: string,
  ) {
    super(message, { hint });
    this.name = "ClientError";
  }
}

interface Answer {
  status: number;
  text: string;
  cookie: string | undefined;
}

/** What a call of a route is given: as much as its contract asks for, before defaults. */
export type Given<C extends Contract> = {
  params?: z.input<C["params"]>;
  query?: z.input<C["query"]>;
} & (C["body"] extends z.ZodUndefined ? { body?: undefined } : { body: z.input<C["body"]> });

/**
 * A client of a feedback server: calls of its routes, checked by their contracts. One keeps one session and its
 * connections; `close` ends them.
 */
export class FeedbackClient {
  private readonly base: URL;
  private readonly agent: Agent;
  private cookie: string | undefined;
  private csrf: string | undefined;

  constructor(private readonly options: ClientOptions) {
    this.base = new URL(options.url);
    const agents = { keepAlive: true, maxSockets: 8 };
    this.agent = this.base.protocol === "https:" ? new SecureAgent(agents) : new Agent(agents);
  }

  /** Calls a route. @throws ClientError with the server's message. */
  async call<C extends Contract<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType>>(
    contract: C,
    given: Given<C>,
  ): Promise<z.output<C["result"]>> {
    const { text } = await this.send(contract, given as Given<Contract>);
    return (text === "" ? undefined : JSON.parse(text)) as z.output<C["result"]>;
  }

  /** Calls a route that answers in lines of JSON. */
  async lines<C extends Contract<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType>>(
    contract: C,
    given: Given<C>,
  ): Promise<z.output<C["result"]>[]> {
    const { text } = await this.send(contract, given as Given<Contract>);
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as z.output<C["result"]>);
  }

  async signIn(login: string, password: string, code?: string): Promise<z.output<typeof accounts.SignedIn>> {
    return this.keepSession(accounts.signIn, { body: { login, password, ...(code && { code }) } });
  }

  async acceptInvitation(
    body: z.input<(typeof accounts.acceptInvitation)["body"]>,
  ): Promise<z.output<typeof accounts.SignedIn>> {
    return this.keepSession(accounts.acceptInvitation, { body });
  }

  close(): void {
    this.agent.destroy();
  }

  private async keepSession(contract: Contract, given: Given<Contract>) {
    const { text, cookie } = await this.send(contract, given);
    const signedIn = JSON.parse(text) as z.output<typeof accounts.SignedIn>;
    this.cookie = cookie;
    this.csrf = signedIn.csrf;
    return signedIn;
  }

  private async send(
    contract: Contract,
    { params = {}, query = {}, body }: Given<Contract>,
  ): Promise<Answer> {
    const path = contract.path.replace(/\{(\w+)\}/g, (_all, name: string) =>
      encodeURIComponent(String(params[name])),
    );
    const search = new URLSearchParams(query as Record<string, string>);
    const below = this.base.pathname.replace(/\/+$/, "");
    const target = `${below}/api/v1${path}${search.size > 0 ? `?${search}` : ""}`;
    const answer = await this.exchange(
      contract.method,
      target,
      takesBody(contract) ? JSON.stringify(body) : undefined,
    );
    if (answer.status < 400) return answer;
    const { message, hint } = errorOf(answer.text);
    throw new ClientError(answer.status, message ?? `The server answered ${answer.status}.`, hint);
  }

  private exchange(method: string, path: string, body: string | undefined): Promise<Answer> {
    const { key } = this.options;
    const headers = {
      ...(body !== undefined && {
        "Content-Type": "application/json",
        "Content-Length": String(Buffer.byteLength(body)),
      }),
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...(this.cookie !== undefined && { Cookie: this.cookie }),
      ...(this.csrf !== undefined && method !== "get" && { "X-CSRF-Token": this.csrf }),
    };
    const send = this.base.protocol === "https:" ? httpsRequest : httpRequest;
    const { hostname, port } = this.base;
    return new Promise((resolve, reject) => {
      const failed = (error: Error) =>
        reject(
          new ClientError(
            0,
            `No answer from ${this.base.origin}: ${error.message}.`,
            "Check the address, and that the server runs.",
          ),
        );
      const sent = send(
        {
          method: method.toUpperCase(),
          path,
          headers,
          agent: this.agent,
          timeout: TIMEOUT_MILLISECONDS,
          hostname: hostname.replace(/^\[|\]$/g, ""),
          port,
        },
        (incoming) => readAnswer(incoming).then(resolve, failed),
      );
      sent.on("timeout", () => sent.destroy(new Error(`none within ${TIMEOUT_MILLISECONDS / 1000} s`)));
      sent.on("error", failed);
      sent.end(body);
    });
  }
}

function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_ANSWER) incoming.destroy(new Error("the answer is too long"));
      else chunks.push(chunk);
    });
    incoming.on("error", reject);
    incoming.on("close", () => reject(new Error("the answer broke off")));
    incoming.on("end", () => {
      const cookie = incoming.headers["set-cookie"]?.[0]?.split(";")[0];
      resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8"), cookie });
    });
  });
}

function errorOf(text: string): { message?: string; hint?: string } {
  try {
    return (JSON.parse(text) as { error?: { message?: string; hint?: string } }).error ?? {};
  } catch {
    return {};
  }
}

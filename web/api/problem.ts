/** A request that was refused, or that got no answer (status 0). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: {
      /** What to do, in the server's words. */
      hint?: string;
      /** The field of the request that was wrong. */
      field?: string;
      /** Id of the request in the server's log. */
      request?: string;
      /** Seconds after which to try again. */
      retryAfter?: number;
    } = {},
  ) {
    super(message);
    this.name = "ApiProblem";
  }

  static async of(answer: Response): Promise<ApiProblem> {
    const body = (await answer.json().catch(() => ({}))) as {
      error?: { message?: string; hint?: string; field?: string; request?: string };
    };
    const { message, ...details } = body.error ?? {};
    const seconds = Number(answer.headers.get("Retry-After"));
    return new ApiProblem(answer.status, message ?? `The server answered ${answer.status}.`, {
      ...details,
      ...(seconds > 0 && { retryAfter: seconds }),
    });
  }

  /** Whether nobody is signed in, or the session has ended. */
  get signedOut(): boolean {
    return this.status === 401;
  }

  /** Whether the same request may succeed later: no connection, too many requests, or a failing server. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export const unreachable = (error: unknown): ApiProblem =>
  new ApiProblem(0, error instanceof Error ? error.message : String(error));

export const asProblem = (error: unknown): ApiProblem =>
  error instanceof ApiProblem ? error : new ApiProblem(0, String(error));

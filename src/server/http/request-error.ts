/** A refused request: its status, and the message to its sender. */
export class RequestError extends Error {
  readonly field: string | undefined;
  readonly hint: string | undefined;
  /** Sent with the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 410 | 413 | 415 | 421 | 422 | 429 | 503,
    message: string,
    details: { field?: string; hint?: string; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = "RequestError";
    this.field = details.field;
    this.hint = details.hint;
    this.headers = details.headers ?? {};
  }
}

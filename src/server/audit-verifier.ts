import { type AuditReport, type Store, verifyOpenStore } from "../feedback/store/index.js";
import { RequestError } from "./http/request-error.js";

/** Verifies a store's audit log, one run at a time, since each reads everything. */
export class AuditVerifier {
  private running = false;

  constructor(private readonly store: Store) {}

  /** @throws RequestError 409 while it is being verified already. */
  async verify(): Promise<AuditReport> {
    if (this.running)
      throw new RequestError(409, "The audit log is being verified already.", { hint: "Try again later." });
    this.running = true;
    try {
      await this.store.checkpoint();
      return await verifyOpenStore(this.store);
    } finally {
      this.running = false;
    }
  }
}

import { randomBytes } from "node:crypto";
import { invite } from "./accounts/invitations.js";
import { FeedbackClient } from "./client.js";
import type { RunningServer } from "./start.js";

/** A client with a new lead's account, for a program in the server's process. Nobody knows the account's password. */
export async function localLead({ origin, services }: RunningServer, login: string): Promise<FeedbackClient> {
  const { token } = await services.store.write((write) =>
    invite(write, { role: "lead", hours: 1 }, "system"),
  );
  const client = new FeedbackClient({ url: origin });
  await client.acceptInvitation({ token, login, password: randomBytes(18).toString("base64url") });
  return client;
}

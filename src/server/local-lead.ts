import { randomBytes } from "node:crypto";
import { invite } from "./accounts/invitations.js";
import { FeedbackClient } from "./client.js";
import type { RunningServer } from "./start.js";

/** A program that leads projects of a server in the same process; nobody knows its password. There is still no admin after it. */
export async function localLead({ origin, services }: RunningServer, login: string): Promise<FeedbackClient> {
  const { token } = await services.store.write((write) =>
    invite(write, { role: "lead", hours: 1 }, "system"),
  );
  const client = new FeedbackClient({ url: origin });
  await client.acceptInvitation({ token, login, password: randomBytes(18).toString("base64url") });
  return client;
}

import { addInvitation, type Invitation, type NewInvitation } from "../../feedback/store/accounts/index.js";
import type { Write } from "../../feedback/store/index.js";
import type { Site } from "../http/origin.js";
import { newSecret, secretHash } from "./secrets.js";

/** Makes an invitation. @returns it with its secret, which cannot be read again. */
export async function invite(
  write: Write,
  invitation: NewInvitation,
  actor: string,
): Promise<{ invitation: Invitation; token: string }> {
  const token = newSecret("invitation");
  return { invitation: await addInvitation(write, invitation, secretHash(token), actor), token };
}

/** Where an invitation is accepted. The token is in the fragment, which browsers do not send to servers. */
export const invitationLink = ({ origin, base }: Site, token: string): string =>
  `${origin}${base}/join#${token}`;

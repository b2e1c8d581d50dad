import type { Endpoint } from "../endpoint.js";
import { accountRoutes } from "./accounts.js";
import { analysisRoutes } from "./analysis.js";
import { importRoutes } from "./imports.js";
import { invitationRoutes } from "./invitations.js";
import { itemRoutes } from "./items.js";
import { keyRoutes } from "./keys.js";
import { leadRoutes } from "./lead.js";
import { messageRoutes } from "./messages.js";
import { peopleRoutes } from "./people.js";
import { projectRoutes } from "./projects.js";
import { resultRoutes } from "./results.js";
import { signInRoutes } from "./sign-in.js";
import { workRoutes } from "./work.js";

/** Every route with its work; a test compares them with the contracts. */
export const endpoints: readonly Endpoint[] = [
  ...signInRoutes,
  ...accountRoutes,
  ...keyRoutes,
  ...invitationRoutes,
  ...projectRoutes,
  ...itemRoutes,
  ...importRoutes,
  ...leadRoutes,
  ...peopleRoutes,
  ...workRoutes,
  ...messageRoutes,
  ...resultRoutes,
  ...analysisRoutes,
];

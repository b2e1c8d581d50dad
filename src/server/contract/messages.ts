/** Words between raters and leads, and the skips of raters. */
import { z } from "zod";
import { ROLES } from "../../feedback/store/accounts/index.js";
import { MAX_MESSAGE, SkipRequest } from "../../feedback/store/index.js";
import { ids, inProject, limit, time } from "./common.js";
import { contract } from "./contract.js";

const tag = "Messages";
const staff = { roles: ["admin", "lead", "reviewer"], scope: "read", project: "staff" } as const;
const leads = { roles: ["admin", "lead"], scope: "write", project: "staff" } as const;
const own = { roles: ROLES, scope: "work", project: "store" } as const;
const text = z.string().min(1).max(MAX_MESSAGE);
const withRater = inProject.extend({ rater: ids.rater });

const Message = z.object({
  id: ids.message,
  rater: ids.rater.describe("Pseudonym of the rater whose conversation it is"),
  author: z.enum(["staff", "rater"]).describe("Who wrote it"),
  item: ids.item.optional().describe("The item that it is about"),
  text: z.string(),
  sentAt: time,
  readAt: time.optional().describe("When the other side read it"),
});
const OwnMessage = Message.omit({ item: true, rater: true }).extend({
  item: ids.item.optional().describe("What it is about, by the id that the rater is told"),
});

export const listConversations = contract({
  id: "listConversations",
  method: "get",
  path: "/projects/{project}/messages",
  tag,
  summary: "Conversations with raters, those with unread messages first.",
  access: staff,
  params: inProject,
  result: z.object({
    conversations: z.array(
      z.object({ rater: ids.rater, last: Message, unread: z.int().describe("Of the rater's messages") }),
    ),
  }),
});
export const listMessages = contract({
  id: "listMessages",
  method: "get",
  path: "/projects/{project}/members/{rater}/messages",
  tag,
  summary: "Messages to and from a rater, the oldest first; of very many the latest.",
  access: staff,
  params: withRater,
  result: z.object({ messages: z.array(Message) }),
});
export const writeToRater = contract({
  id: "writeToRater",
  method: "post",
  path: "/projects/{project}/members/{rater}/messages",
  tag,
  summary: "Write to a rater, who is told on the raters' page. What the rater wrote before counts as read.",
  access: leads,
  params: withRater,
  body: z.strictObject({ text, item: ids.item.optional().describe("An item that it is about") }),
  result: z.object({ message: ids.message }),
  status: 201,
});
export const readMessages = contract({
  id: "readMessages",
  method: "post",
  path: "/projects/{project}/members/{rater}/messages/read",
  tag,
  summary: "Note that a lead read what a rater wrote.",
  access: leads,
  params: withRater,
});
export const listOwnMessages = contract({
  id: "listOwnMessages",
  method: "get",
  path: "/projects/{project}/own-messages",
  tag,
  summary: "A rater's messages to and from the leads of a project, the oldest first.",
  access: own,
  params: inProject,
  result: z.object({ messages: z.array(OwnMessage) }),
});
export const writeToLeads = contract({
  id: "writeToLeads",
  method: "post",
  path: "/projects/{project}/own-messages",
  tag,
  summary: "Write to the leads of a project that one works or worked in.",
  access: own,
  params: inProject,
  body: z.strictObject({
    text,
    item: ids.item.optional().describe("What it is about, as the rater is told of it"),
  }),
  result: z.object({ message: ids.message }),
  status: 201,
});
export const readOwnMessages = contract({
  id: "readOwnMessages",
  method: "post",
  path: "/projects/{project}/own-messages/read",
  tag,
  summary: "Note that the rater read what leads wrote.",
  access: own,
  params: inProject,
});
export const listSkips = contract({
  id: "listSkips",
  method: "get",
  path: "/projects/{project}/skips",
  tag,
  summary: "Items that raters skipped, with their reasons: distress first, then the newest.",
  access: staff,
  params: inProject,
  query: z.object({ limit }),
  result: z.object({
    skips: z.array(
      z.object({
        item: ids.item,
        rater: ids.rater,
        reason: SkipRequest.shape.reason,
        note: z.string().optional(),
        prompt: z.string().describe("Beginning of the item's prompt"),
        at: time.describe("When the rater took the item"),
      }),
    ),
  }),
});

import { everMember } from "../../feedback/store/accounts/index.js";
import {
  conversations,
  findItem,
  findProject,
  listSkips,
  markRead,
  messagesOf,
  ownMessages,
  type SkipRequest,
  type Store,
  StoreError,
  writeToLeads,
  writeToRater,
} from "../../feedback/store/index.js";
import { messages as contract } from "../contract/index.js";
import { endpoint } from "../endpoint.js";

/** Most characters shown of a prompt. */
const MAX_PROMPT = 300;

export const messageRoutes = [
  endpoint(contract.listConversations, async (_request, { store, project }) => ({
    conversations: await conversations(store, project.id),
  })),
  endpoint(contract.listMessages, async ({ params }, { store, project }) => ({
    messages: await messagesOf(store, project.id, params.rater),
  })),
  endpoint(contract.writeToRater, async ({ params, body }, { store, project, principal }) => {
    const of = { project: project.id, rater: params.rater };
    const message = await writeToRater(store, { ...of, ...body }, principal.actor);
    await markRead(store, { ...of, reader: "staff" });
    return { message };
  }),
  endpoint(contract.readMessages, async ({ params }, { store, project }) => {
    await markRead(store, { project: project.id, rater: params.rater, reader: "staff" });
    return undefined;
  }),
  endpoint(contract.listOwnMessages, async ({ params }, { store, principal }) => {
    await checkWorked(store, params.project, principal.rater);
    const messages = await ownMessages(store, params.project, principal.rater);
    return {
      messages: messages.map(({ showing, ...message }) => ({
        ...message,
        ...(showing && { item: showing }),
      })),
    };
  }),
  endpoint(contract.writeToLeads, async ({ params, body }, { store, principal }) => {
    await checkWorked(store, params.project, principal.rater);
    const { text, item: showing } = body;
    return { message: await writeToLeads(store, { ...params, rater: principal.rater, showing, text }) };
  }),
  endpoint(contract.readOwnMessages, async ({ params }, { store, principal }) => {
    await checkWorked(store, params.project, principal.rater);
    await markRead(store, { ...params, rater: principal.rater, reader: "rater" });
    return undefined;
  }),
  endpoint(contract.listSkips, async ({ query: { limit } }, { store, project }) => {
    const skips = await listSkips(store, project.id, limit);
    const prompts = new Map<string, string>();
    for (const item of new Set(skips.map((skip) => skip.item))) {
      const { prompt } = (await findItem(store, item)).content;
      const text = typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? "");
      prompts.set(item, text.slice(0, MAX_PROMPT));
    }
    return {
      skips: skips.map(({ reason, ...skip }) => ({
        ...skip,
        reason: reason as SkipRequest["reason"],
        prompt: prompts.get(skip.item) ?? "",
      })),
    };
  }),
];

/** Anyone who ever worked in a project has a word with its leads. @throws StoreError missing, for others */
async function checkWorked(store: Store, project: string, rater: string): Promise<void> {
  await findProject(store, project);
  if (await everMember(store, project, rater)) return;
  throw new StoreError("missing", `There is no project ${project}.`);
}

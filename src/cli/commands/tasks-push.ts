import { z } from "zod";
import { readTaskItems } from "../../feedback/exchange/index.js";
import { projects } from "../../server/contract/index.js";
import { defineCommand } from "../command.js";
import { serverClient, serverSettings } from "../server-settings.js";

/** Items per request. */
const TOGETHER = 1000;

const schema = z.object({
  file: z
    .string()
    .min(1)
    .describe("items, as plumb tasks import and plumb tasks from-policy write them (.jsonl)"),
  ...serverSettings,
});

export default defineCommand({
  description: `Adds items to a project of a feedback server, for its raters. The whole file is checked before anything is sent; it is sent in parts of ${TOGETHER} items, each added whole or not at all. The key needs the scope write.`,
  examples: [
    {
      command: "PLUMB_KEY=... plumb tasks push tasks.jsonl --server https://rate.example.org --project p-...",
      does: "the items of a file",
    },
  ],
  schema,
  positional: "file",
  async run({ ui, signal }, { file, project, ...rest }) {
    const items = await readTaskItems(file);
    const client = serverClient(rest);
    const ids: string[] = [];
    try {
      for (let i = 0; i < items.length; i += TOGETHER) {
        signal.throwIfAborted();
        const part = items
          .slice(i, i + TOGETHER)
          .map(({ content, gold }) => ({ content, ...(gold && { gold }) }));
        ids.push(
          ...(await client.call(projects.importItems, { params: { project }, body: { items: part } })).ids,
        );
      }
    } finally {
      client.close();
      if (ids.length < items.length) ui.warn(`${ids.length} of ${items.length} items were added`);
    }
    await ui.result({ items: ids.length, project }, () => `${ids.length} items added to ${project}`);
  },
});

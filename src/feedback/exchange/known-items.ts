import { listItems, type NewItem, type StoreContext } from "../store/index.js";
import { contentDigest } from "./warnings.js";

/** Items read per query, so that the requests of raters are answered between two of them. */
const PAGE = 500;

/** How many of some new items show what an item of the project shows already: a file that is added twice. */
export async function knownItems(
  store: StoreContext,
  project: string,
  items: readonly Pick<NewItem, "content">[],
): Promise<number> {
  const digests = new Map<string, number>();
  for (const [i, { content }] of items.entries()) {
    if (i % PAGE === PAGE - 1) await new Promise(setImmediate);
    const digest = contentDigest(content);
    digests.set(digest, (digests.get(digest) ?? 0) + 1);
  }
  let known = 0;
  for (let after = 0; digests.size > 0; ) {
    const page = await listItems(store, project, { after, limit: PAGE });
    for (const { content } of page) {
      const digest = contentDigest(content);
      known += digests.get(digest) ?? 0;
      digests.delete(digest);
    }
    if (page.length < PAGE) break;
    after = page[page.length - 1].position;
  }
  return known;
}

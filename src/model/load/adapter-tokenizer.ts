/** The tokenizer that an adapter was trained with: its own, where its folder has one. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadTokenizer, type Tokenizer } from "../../text/index.js";

/**
 * The tokenizer of the last adapter that has one, with its chat template; a folder with a chat template alone changes that.
 *
 * @throws PlumbError if a tokenizer's file is damaged
 */
export async function tokenizerWithAdapters(
  base: Tokenizer | undefined,
  adapters: readonly string[],
): Promise<Tokenizer | undefined> {
  let tokenizer = base;
  for (const dir of adapters) {
    const template = join(dir, "chat_template.jinja");
    if (existsSync(join(dir, "tokenizer.json"))) tokenizer = await loadTokenizer(dir);
    else if (tokenizer !== undefined && existsSync(template))
      tokenizer = { ...tokenizer, chatTemplate: await readFile(template, "utf8") };
  }
  return tokenizer;
}

/// <reference lib="dom" />
import { expect, it } from "vitest";
import { itemShown, LOOK, makeProject, nextItem, onSite, pairItem, raterPage } from "./site.js";

onSite("keyboards", (site) => {
  it("keys of other layouts vote and skip, in no field of text, and are shown as the keyboard shows them", async () => {
    const items = Array.from({ length: 12 }, (_, i) => pairItem(i));
    const project = await makeProject(site, { settings: { overlap: 1 } }, items);
    const { page, problems } = await raterPage(site, project);
    const press = (key: string, code: string, more: object = {}) =>
      page.evaluate(
        ([key, code, more]) => {
          const target = document.activeElement ?? document.body;
          const init = { key, code, bubbles: true, cancelable: true, ...(more as object) };
          target.dispatchEvent(new KeyboardEvent("keydown", init as KeyboardEventInit));
        },
        [key, code, more] as const,
      );
    await page.waitForSelector(".item");
    await page.waitForTimeout(LOOK);
    for (const [key, code] of [
      ["&", "Digit1"],
      ["+", "Digit1"],
      ["١", "Digit1"],
      ["१", "Digit1"],
    ]) {
      const before = await itemShown(page);
      await press(key, code);
      await nextItem(page, before);
    }
    for (const key of ["ч", "χ", "ס"]) {
      await press(key, "KeyX");
      await page.locator("dialog[open]").waitFor();
      // A digit chooses a reason; with Ctrl it is the browser's, and in the note it is text.
      await press("&", "Digit1", { ctrlKey: true });
      await page.locator("dialog textarea").focus();
      await press("&", "Digit1");
      expect(await page.locator("dialog[open]").count()).toBe(1);
      await page.keyboard.press("Escape");
      await page.locator("dialog[open]").waitFor({ state: "detached" });
    }
    const before = await itemShown(page);
    for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { isComposing: true }])
      await press("&", "Digit1", more);
    await page.waitForTimeout(LOOK);
    expect(await itemShown(page)).toBe(before);
    await page.addInitScript(() => {
      const map = new Map([
        ...([
          ["Digit1", "&"],
          ["KeyX", "x"],
          ["KeyZ", "w"],
          ["KeyW", "z"],
        ] as const),
      ]);
      Object.defineProperty(navigator, "keyboard", { value: { getLayoutMap: async () => map } });
    });
    await page.reload();
    const first = page.locator(".verdict-row .button").first();
    await expect.poll(() => first.getAttribute("aria-keyshortcuts")).toBe("&");
    expect(await page.locator(".actions-row .button").first().getAttribute("aria-keyshortcuts")).toBe("Z");
    expect(problems).toEqual([]);
  }, 120_000);
});

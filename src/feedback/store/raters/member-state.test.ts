import { expect, it } from "vitest";
import { collection, judge } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { findItem, setMemberState } from "../index.js";

onBothEngines(({ store: open }) => {
  it("an excluded rater's votes do not count, and do again when the rater is active again", async () => {
    const store = await open();
    const settings = { overlap: 2 };
    const { project, items, raters } = await collection(store, { items: 1, raters: 2, settings });
    for (const rater of raters) await judge(store, project.id, rater);
    const votes = async () => (await findItem(store, items[0])).votes;
    expect(await votes()).toBe(2);
    const member = (state: "active" | "paused" | "excluded") =>
      setMemberState(store, { project: project.id, rater: raters[0], state, reason: "copied" }, "system");
    await member("paused");
    expect(await votes()).toBe(2);
    await member("excluded");
    expect(await votes()).toBe(1);
    await member("active");
    expect(await votes()).toBe(2);
  });
});

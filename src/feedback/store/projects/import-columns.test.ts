import { expect, it } from "vitest";
import { collection } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import { saveColumns, savedColumns } from "../index.js";

onBothEngines(({ store: open }) => {
  it("what files' columns are is remembered by their columns, replaced, forgotten, and kept apart by project", async () => {
    let now = 1000;
    const store = await open({ clock: () => now++ });
    const [{ project }, { project: other }] = [await collection(store), await collection(store)];
    const [ab, cd] = [
      ["a", "b"],
      ["c", "d"],
    ];
    await saveColumns(store, project.id, { columns: ab, choices: { a: "prompt" } });
    await saveColumns(store, project.id, { columns: cd, choices: { c: "prompt" } });
    await saveColumns(store, project.id, { columns: ab, choices: { a: "gold" } });
    await saveColumns(store, other.id, { columns: ab, choices: { b: "gold" } });
    expect(await savedColumns(store, project.id)).toEqual([
      { columns: ab, choices: { a: "gold" } },
      { columns: cd, choices: { c: "prompt" } },
    ]);
    await saveColumns(store, project.id, { columns: ab, choices: {} });
    expect(await savedColumns(store, project.id)).toEqual([{ columns: cd, choices: { c: "prompt" } }]);
    expect(await savedColumns(store, other.id)).toHaveLength(1);
  });

  it("of more than 50 files the oldest are forgotten", async () => {
    let now = 1000;
    const store = await open({ clock: () => now++ });
    const { project } = await collection(store);
    for (let i = 0; i < 53; i++)
      await saveColumns(store, project.id, { columns: [`c${i}`], choices: { [`c${i}`]: "prompt" } });
    const saved = await savedColumns(store, project.id);
    expect(saved).toHaveLength(50);
    expect([saved[0].columns, saved[49].columns]).toEqual([["c52"], ["c3"]]);
  });
});

import { expect, it } from "vitest";
import { shares } from "./shares.js";

const faults = (schema: ReturnType<typeof shares>, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim());

it("shares are weights of which one is above 0, of those that have to be", () => {
  const any = shares(["red", "blue"]);
  expect(faults(any, { red: 0.2 })).toBeUndefined();
  expect(faults(any, { red: 0, blue: 1e-9 })).toBeUndefined();
  for (const none of [{}, { red: 0 }, { red: 0, blue: 0 }])
    expect(faults(any, none)).toEqual(["must have a weight above 0"]);
  const some = shares(["red", "blue"], { keys: ["blue"], of: " for a cold colour" });
  expect(faults(some, { red: 1 })).toEqual(["must have a weight above 0 for a cold colour"]);
  expect(faults(some, { red: 1, blue: 1 })).toBeUndefined();
});

it("shares with a key or weight that is none say that and no more", () => {
  expect(faults(shares(["red"]), { blue: 1 })).toHaveLength(1);
  expect(faults(shares(["red"]), { red: -1 })).toHaveLength(1);
  expect(faults(shares(["red"]), { red: "much" })).toHaveLength(1);
});

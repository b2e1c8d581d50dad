import { describe, expect, it } from "vitest";
import { screenOrder, turnChoice, turnKind } from "./mix.js";
import { AssignmentSettings } from "./settings.js";

const turn = (n: number, member = 1, seed = 7) => ({ seed, member, turn: n });
const TURNS = 4000;

describe("turnKind", () => {
  it("keeps the rates", () => {
    const settings = AssignmentSettings.parse({ goldRate: 0.1, repeatRate: 0.3 });
    const counts = { new: 0, gold: 0, repeat: 0 };
    for (let n = 0; n < TURNS; n++) counts[turnKind(turn(n), settings)]++;
    // Within four standard deviations of 400 and 1200.
    expect(Math.abs(counts.gold - 400)).toBeLessThan(76);
    expect(Math.abs(counts.repeat - 1200)).toBeLessThan(116);
  });

  it("shows nothing but new items when the rates are zero", () => {
    const settings = AssignmentSettings.parse({});
    for (let n = 0; n < 100; n++) expect(turnKind(turn(n), settings)).toBe("new");
  });
});

describe("draws of a turn", () => {
  it("are named by seed, member and turn alone", () => {
    const names = [turn(1), turn(2), turn(1, 2), turn(1, 1, 8)];
    const orders = names.map((name) => String(screenOrder(name, 16)));
    expect(new Set(orders).size).toBe(4);
    expect(names.map((name) => String(screenOrder(name, 16)))).toEqual(orders);
    expect(turnChoice(turn(5), 10)).toBe(turnChoice(turn(5), 10));
  });

  it("show every order equally often", () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < TURNS; n++) {
      const order = String(screenOrder(turn(n), 3));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - TURNS / 6)).toBeLessThan(100);
    expect(screenOrder(turn(0), 0)).toEqual([]);
  });

  it("choose among all", () => {
    const chosen = new Set(Array.from({ length: 200 }, (_, n) => turnChoice(turn(n), 5)));
    expect([...chosen].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

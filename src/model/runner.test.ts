/** What programs are compiled for: the function, its settings, and the shapes of its values. */
import { expect, test } from "vitest";
import { smallConfig, smallLora, smallWeights } from "../../test/tiny-network.js";
import { adamwSchema } from "../optim/index.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { mul, sum } from "../tensor/index.js";
import type { Model } from "./learner.js";
import { NetworkTrainer } from "./runner.js";
import { type Named, type Traced, vector } from "./values.js";

const runtime = new OrtRuntime({ threads: 1 });
const trainer = () =>
  new NetworkTrainer(
    runtime,
    smallLora(runtime, smallWeights(runtime, smallConfig())),
    adamwSchema.parse({}),
  );
let traced = 0;
function scaled(
  _: Model,
  x: Traced<Named<"values">>,
  { factor, unit }: { factor: number; unit: string | null },
) {
  traced++;
  return { loss: mul(sum(x.values), unit === "cents" ? factor / 100 : factor) };
}
const values = (...list: number[]) => ({ values: vector(Float32Array.from(list)) });

test("a changed setting is never stale, and what is known is not traced again", async () => {
  const own = trainer();
  const at = async (settings: { factor: number; unit: string | null }, list = [1, 2]) =>
    (await own.evaluate(scaled, values(...list), settings)).loss[0];
  traced = 0;
  expect(await at({ factor: 2, unit: null })).toBe(6);
  expect(await at({ factor: 3, unit: null })).toBe(9);
  expect(await at({ unit: null, factor: 2 })).toBe(6);
  expect(traced).toBe(2);
  expect(await at({ factor: 200, unit: "cents" })).toBe(6);
  expect(await at({ factor: 2, unit: null }, [1, 2, 3])).toBe(12);
  expect(traced).toBe(4);
});

test("two functions of one name are two", async () => {
  const own = trainer();
  const twice = (factor: number) => {
    const f = (_: Model, x: Traced<Named<"values">>) => ({ total: mul(sum(x.values), factor) });
    return f;
  };
  expect((await own.evaluate(twice(1), values(1), {})).total[0]).toBe(1);
  expect((await own.evaluate(twice(5), values(1), {})).total[0]).toBe(5);
});

test("what a function, its loss and its settings may be is checked by the compiler", async () => {
  const own = trainer();
  const other = { valeus: vector(new Float32Array(1)) };
  // @ts-expect-error the function asks for `values`
  const misspelt = () => own.evaluate(scaled, other, { factor: 1, unit: null });
  // @ts-expect-error there is no such tensor
  const unknown = (_: Model, x: Traced<Named<"advantages">>) => ({ loss: x.advantagez });
  // @ts-expect-error a factor is a number
  const wrong = () => own.evaluate(scaled, values(1), { factor: "2", unit: null });
  // @ts-expect-error there is no such output
  const output = async () => (await own.evaluate(scaled, values(1), { factor: 1, unit: null })).loss2;
  expect([misspelt, unknown, wrong, output].every((f) => typeof f === "function")).toBe(true);
});

/** Reference values by mpmath 1.3 with 25 digits. */
import { describe, expect, it } from "vitest";
import { normalCdf, normalQuantile } from "./normal.js";
import { digamma, logGamma, logSigmoid, regularizedBeta, sigmoid } from "./special-functions.js";

describe("special functions", () => {
  it("digamma, near 0, at its recurrence's end and beyond", () => {
    const values = [
      ...[
        [0.001, -1000.5755719318103],
        [0.25, -4.2274535333762655],
        [1, -0.5772156649015329],
        [1.5, 0.03648997397857652],
      ],
      ...[
        [9.5, 2.1977378764029494],
        [10, 2.251752589066721],
        [12, 2.442661679975812],
        [1000, 6.907255195648812],
      ],
    ];
    for (const [x, psi] of values) expect(Math.abs(digamma(x) - psi), `${x}`).toBeLessThan(1e-12);
  });

  it("log Gamma, near 0, at its recurrence's end and beyond", () => {
    const values = [
      ...[
        [0.001, 6.907178885383853],
        [0.25, 1.2880225246980774],
        [1.5, -0.12078223763524522],
        [3.75, 1.486815578593417],
      ],
      ...[
        [9.5, 11.689333420797269],
        [10, 12.801827480081469],
        [12, 17.502307845873887],
      ],
    ];
    for (const [x, log] of values) expect(logGamma(x) - log, `${x}`).toBeCloseTo(0, 11);
    expect(logGamma(1000.5) / 5908.674175848678).toBeCloseTo(1, 13);
    expect(logGamma(1e6) / 12815504.569147611).toBeCloseTo(1, 13);
  });

  it("the incomplete beta function, on both sides of its symmetry and at its ends", () => {
    const values = [
      ...[
        [0.3, 2, 3, 0.3483],
        [0.9, 2, 3, 0.9963],
        [0.5, 0.5, 0.5, 0.5],
        [0.01, 0.5, 20, 0.47136993548501555],
      ],
      ...[
        [0.999, 30, 0.25, 0.5449158817560513],
        [0.4, 1, 1, 0.4],
        [1e-5, 1, 1e5, 0.6321223982334278],
      ],
      ...[
        [0.97, 50, 2, 0.5451634383685185],
        [0.2, 1e4, 4e4, 0.500892064957114],
        [0.198, 1e4, 4e4, 0.13165427178542916],
      ],
      ...[
        [0, 2, 3, 0],
        [-1, 2, 3, 0],
        [1, 2, 3, 1],
        [1.5, 2, 3, 1],
      ],
    ];
    for (const [x, a, b, value] of values)
      expect(regularizedBeta(x, a, b), `${x} ${a} ${b}`).toBeCloseTo(value, 9);
  });

  it("sigmoid and its logarithm, also where exp overflows", () => {
    for (const x of [-3, -0.5, 0, 0.5, 3]) {
      expect(sigmoid(x)).toBeCloseTo(1 / (1 + Math.E ** -x), 14);
      expect(logSigmoid(x)).toBeCloseTo(Math.log(1 / (1 + Math.E ** -x)), 14);
    }
    expect([sigmoid(1000), sigmoid(-1000), sigmoid(-740) > 0]).toEqual([1, 0, true]);
    expect([logSigmoid(1000), logSigmoid(-1000)]).toEqual([0, -1000]);
    expect(logSigmoid(40) / -Math.exp(-40)).toBeCloseTo(1, 12);
  });
});

describe("the normal distribution", () => {
  it("has the probabilities of mpmath, to the stated relative error", () => {
    const values = [
      ...[
        [-8, 6.220960574271784e-16],
        [-5, 2.866515718791939e-7],
        [-3, 0.0013498980316300946],
        [-1.5, 0.06680720126885807],
      ],
      ...[
        [-0.5, 0.3085375387259869],
        [0, 0.5],
        [0.25, 0.5987063256829237],
        [1, 0.8413447460685429],
      ],
      ...[
        [2.5, 0.9937903346742238],
        [4, 0.9999683287581669],
      ],
    ];
    for (const [x, p] of values) expect(Math.abs(normalCdf(x) / p - 1), `${x}`).toBeLessThan(1.3e-7);
  });

  it("has the quantiles of mpmath, on both sides of where the tails begin", () => {
    const values = [
      ...[
        [1e-12, -7.034483825301131],
        [1e-6, -4.753424308822899],
        [0.02, -2.053748910631823],
      ],
      ...[
        [0.0242, -1.9738394633131993],
        [0.0243, -1.9720841590292886],
        [0.1, -1.2815515655446004],
      ],
      ...[
        [0.3, -0.5244005127080408],
        [0.7, 0.5244005127080407],
        [0.9, 1.2815515655446006],
        [0.975, 1.9599639845400538],
      ],
      ...[
        [0.976, 1.9773684281819464],
        [0.999, 3.090232306167813],
      ],
    ];
    for (const [p, x] of values) expect(Math.abs(normalQuantile(p) / x - 1), `${p}`).toBeLessThan(1.2e-9);
    expect(normalQuantile(0.5)).toBe(0);
  });
});

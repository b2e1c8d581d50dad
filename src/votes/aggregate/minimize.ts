/**
 * Minimises a smooth function by L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5), with a backtracking line
 * search that requires Armijo's condition. Only pairs of positive curvature are kept. The objective returns its value
 * and writes its gradient.
 */
type Objective = (at: Float64Array, gradient: Float64Array) => number;

interface MinimizeOptions {
  iterations?: number;
  /** Stops when no entry of the gradient exceeds this in absolute value. */
  tolerance?: number;
}

const MEMORY = 10;
const ARMIJO = 1e-4;
const MAX_HALVINGS = 40;

/** @returns the final point; its value is never above that of the start. */
export function minimize(
  objective: Objective,
  start: Float64Array,
  { iterations = 200, tolerance = 1e-6 }: MinimizeOptions = {},
): Float64Array {
  let x = start.slice();
  let gradient = new Float64Array(x.length);
  let value = objective(x, gradient);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  for (let iteration = 0; iteration < iterations && largest(gradient) > tolerance; iteration++) {
    const direction = twoLoops(gradient, steps, changes);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      direction.set(gradient.map((g) => -g));
      slope = -dot(gradient, gradient);
    }
    let step = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const next = new Float64Array(x.length);
    const nextGradient = new Float64Array(x.length);
    let reached = Number.NaN;
    for (let halving = 0; halving < MAX_HALVINGS; halving++, step /= 2) {
      for (let at = 0; at < x.length; at++) next[at] = x[at] + step * direction[at];
      reached = objective(next, nextGradient);
      if (reached <= value + ARMIJO * step * slope) break;
      reached = Number.NaN;
    }
    if (Number.isNaN(reached)) return x;
    const moved = next.map((to, at) => to - x[at]);
    const turned = nextGradient.map((to, at) => to - gradient[at]);
    if (dot(moved, turned) > 1e-12 * dot(turned, turned)) {
      steps.push(moved);
      changes.push(turned);
      if (steps.length > MEMORY) {
        steps.shift();
        changes.shift();
      }
    }
    [x, gradient, value] = [next, nextGradient, reached];
  }
  return x;
}

/** -H g, where H approximates the inverse Hessian from the last steps. */
function twoLoops(
  gradient: Float64Array,
  steps: readonly Float64Array[],
  changes: readonly Float64Array[],
): Float64Array {
  const q = gradient.slice();
  const alphas = new Float64Array(steps.length);
  for (let k = steps.length - 1; k >= 0; k--) {
    alphas[k] = dot(steps[k], q) / dot(steps[k], changes[k]);
    for (let at = 0; at < q.length; at++) q[at] -= alphas[k] * changes[k][at];
  }
  const last = steps.length - 1;
  const scale = last < 0 ? 1 : dot(steps[last], changes[last]) / dot(changes[last], changes[last]);
  for (let at = 0; at < q.length; at++) q[at] *= scale;
  for (const [k, step] of steps.entries()) {
    const beta = dot(changes[k], q) / dot(step, changes[k]);
    for (let at = 0; at < q.length; at++) q[at] += (alphas[k] - beta) * step[at];
  }
  return q.map((value) => -value);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

/**
 * Minimises a smooth convex function: limited-memory BFGS (Liu and Nocedal 1989) with a backtracking line search. It
 * knows nothing of models; the function that it minimises has its own checkpoints.
 */

export interface Objective {
  /** Returns the value at `point`; writes the gradient there into `gradient`. */
  evaluate(point: Float64Array, gradient: Float64Array): Promise<number> | number;
}

export interface MinimizeOptions {
  maxIterations: number;
  /** Ends when the largest gradient entry is below this. */
  tolerance: number;
  checkpoint: () => Promise<void> | void;
  /** When aborted, ends after the current step. */
  stop?: AbortSignal;
}

const MEMORY = 10;
const SUFFICIENT_DECREASE = 1e-4;

interface Pair {
  step: Float64Array;
  change: Float64Array;
  curvature: number;
}

/** Moves `point` to the minimum, in place; returns the number of iterations. */
export async function minimize(
  objective: Objective,
  point: Float64Array,
  options: MinimizeOptions,
): Promise<number> {
  let gradient: Float64Array = new Float64Array(point.length);
  let value = await objective.evaluate(point, gradient);
  const pairs: Pair[] = [];
  for (let iteration = 1; iteration <= options.maxIterations; iteration++) {
    await options.checkpoint();
    if (largest(gradient) < options.tolerance) return iteration;
    const direction = descentDirection(gradient, pairs);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      pairs.length = 0;
      for (let i = 0; i < direction.length; i++) direction[i] = -gradient[i];
      slope = dot(direction, gradient);
    }
    const first = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const found = await search(objective, { point, direction, slope, value, first });
    if (!found) return iteration;
    remember(pairs, { point, gradient, found });
    const gained = value - found.value;
    point.set(found.point);
    gradient = found.gradient;
    value = found.value;
    if (gained <= 1e-8 * Math.max(1, Math.abs(value)) || options.stop?.aborted) return iteration;
  }
  return options.maxIterations;
}

interface Found {
  point: Float64Array;
  gradient: Float64Array;
  value: number;
}

/** The two-loop recursion: minus the estimated inverse Hessian times the gradient. */
function descentDirection(gradient: Float64Array, pairs: Pair[]): Float64Array {
  const direction = gradient.map((entry) => -entry);
  const shares: number[] = [];
  for (let i = pairs.length - 1; i >= 0; i--) {
    shares[i] = dot(pairs[i].step, direction) / pairs[i].curvature;
    addScaled(direction, pairs[i].change, -shares[i]);
  }
  const last = pairs[pairs.length - 1];
  if (last) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  for (let i = 0; i < pairs.length; i++) {
    const share = dot(pairs[i].change, direction) / pairs[i].curvature;
    addScaled(direction, pairs[i].step, shares[i] - share);
  }
  return direction;
}

async function search(
  objective: Objective,
  from: { point: Float64Array; direction: Float64Array; slope: number; value: number; first: number },
): Promise<Found | null> {
  let length = from.first;
  for (let attempt = 0; attempt < 25; attempt++) {
    const point = from.point.slice();
    addScaled(point, from.direction, length);
    const gradient = new Float64Array(point.length);
    const value = await objective.evaluate(point, gradient);
    if (value <= from.value + SUFFICIENT_DECREASE * length * from.slope) return { point, gradient, value };
    length *= 0.5;
  }
  return null;
}

function remember(pairs: Pair[], move: { point: Float64Array; gradient: Float64Array; found: Found }): void {
  const step = move.found.point.map((entry, i) => entry - move.point[i]);
  const change = move.found.gradient.map((entry, i) => entry - move.gradient[i]);
  const curvature = dot(step, change);
  if (!(curvature > 1e-12)) return;
  pairs.push({ step, change, curvature });
  if (pairs.length > MEMORY) pairs.shift();
}

function addScaled(into: Float64Array, what: Float64Array, scale: number): void {
  for (let i = 0; i < into.length; i++) into[i] += scale * what[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function largest(vector: Float64Array): number {
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i]));
  return most;
}

// Intervals over seeds, for the reports: few independent values, so Student's t.

/** Two-sided 95% quantiles of Student's t for 1, 2, ... degrees of freedom (Fisher and Yates' table). */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** Mean of 2 to 31 independent values with its 95% interval; of differences where values are paired. */
export function studentInterval(values) {
  const n = values.length;
  const quantile = STUDENT[n - 2];
  if (quantile === undefined) throw new RangeError(`an interval over seeds needs 2 to ${STUDENT.length + 1} of them, not ${n}`);
  const estimate = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((sum, x) => sum + (x - estimate) ** 2, 0) / (n - 1);
  const half = quantile * Math.sqrt(variance / n);
  return { estimate, low: estimate - half, high: estimate + half };
}

"""Quantiles, Student's intervals, exact bounds and BCa ends by scipy.

    python scripts/reference/make_statistics_fixtures.py --out test/fixtures/statistics.json

BCa: scipy's own resamples are stored with what it makes of them, so that ours is compared on the same draws.
"""

import argparse
import json

import numpy as np
import scipy
from scipy import stats

parser = argparse.ArgumentParser()
parser.add_argument("--out", required=True)
out = parser.parse_args().out
random = np.random.default_rng(3)


def short(values, digits):
    return [float(f"{x:.{digits}g}") for x in values]


student = [
    {"p": p, "freedom": freedom, "quantile": float(stats.t.ppf(p, freedom)), "normal": float(stats.norm.ppf(p))}
    for p in (0.6, 0.9, 0.95, 0.975, 0.995, 0.9999)
    for freedom in (1, 2, 3, 4.5, 9, 29, 99, 2000)
]

first = short(random.lognormal(size=7).tolist(), 8)
second = short((np.array(first) + random.normal(0.3, 0.2, 7)).tolist(), 8)


def ends(interval):
    return [float(interval.low), float(interval.high)]


means = {
    "a": first,
    "b": second,
    "one": ends(stats.ttest_1samp(first, 0).confidence_interval(0.95)),
    "one90": ends(stats.ttest_1samp(first, 0).confidence_interval(0.9)),
    "paired": ends(stats.ttest_rel(first, second).confidence_interval(0.95)),
}

bounds = [
    {"k": k, "n": n, "low": float(stats.beta.ppf(0.05, k, n - k + 1)), "wilson": ends(stats.binomtest(k, n).proportion_ci(method="wilson"))}
    for k, n in ((1, 10), (1, 100), (2, 40), (3, 285), (8, 10), (150, 300))
]


def bca(name, data, statistic, resamples=299):
    result = stats.bootstrap(data, statistic, n_resamples=resamples, method="BCa", paired=len(data) > 1, vectorized=False, random_state=np.random.default_rng(5))
    return {
        "name": name,
        "data": [list(sample) for sample in data],
        "estimate": float(statistic(*data)),
        "draws": short(np.sort(result.bootstrap_distribution).tolist(), 12),
        "interval": ends(result.confidence_interval),
    }


x = short(random.exponential(size=25).tolist(), 8)
y = short((np.array(x) + random.exponential(size=25)).tolist(), 8)
cases = [
    bca("mean", (short(random.exponential(size=12).tolist(), 8),), np.mean),
    bca("mean", (short(random.lognormal(size=30).tolist(), 8),), np.mean),
    bca("variance", (short(random.normal(size=20).tolist(), 8),), lambda v: np.var(v, ddof=1)),
    bca("mean", ([float(hit) for hit in random.random(20) < 0.3],), np.mean),
    bca("correlation", (x, y), lambda a, b: np.corrcoef(a, b)[0, 1]),
]

with open(out, "w", encoding="utf-8") as file:
    json.dump({"scipy": scipy.__version__, "student": student, "means": means, "bounds": bounds, "bca": cases}, file, indent=None, separators=(",", ":"))
    file.write("\n")

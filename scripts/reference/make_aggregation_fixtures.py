"""Aggregation of simulated votes by crowd-kit and nltk, where their formulas are right.

    python scripts/reference/make_aggregation_fixtures.py --out test/fixtures/aggregation.json

MACE: raters appear in sorted order, so that crowd-kit's rows are in one order (see mace_order.py), and starts from even
parameters. Bradley-Terry: a tolerance of 0, as its test of convergence compares an array with itself. Noisy Bradley-Terry: its objective without regularisation; its gradient is by differences, as its own is wrong.
"""

import argparse

import numpy as np
import pandas as pd
from crowdkit.aggregation import GLAD, MACE, BradleyTerry, DawidSkene, MajorityVote, NoisyBradleyTerry, OneCoinDawidSkene, Wawa
from crowdkit.metrics.data import alpha_krippendorff

from fixture import short, write

parser = argparse.ArgumentParser()
parser.add_argument("--out", required=True)
out = parser.parse_args().out
random = np.random.default_rng(7)


def simulated(items, raters, per_item, labels):
    skill = random.uniform(0.45, 0.95, raters)
    rows = []
    for i in range(items):
        truth = random.integers(labels)
        for w in random.choice(raters, per_item, replace=False):
            said = truth if random.random() < skill[w] else random.integers(labels)
            rows.append((f"i{i:03d}", f"w{w:02d}", f"l{said}"))
    return pd.DataFrame(rows, columns=["task", "worker", "label"]).sort_values(["worker", "task"], kind="stable")


def table(probabilities, items, labels):
    return short(probabilities.reindex(index=items, columns=labels).fillna(0).values.tolist(), 10)


def of_labels(data):
    items, labels = sorted(data.task.unique()), sorted(data.label.unique())
    even = MACE(n_restarts=1, n_iter=50)

    def start(n_workers, n_labels):
        even.spamming_ = np.full((n_workers, 2), 0.5)
        even.thetas_ = np.full((n_workers, n_labels), 1 / n_labels)
        even.theta_priors_ = np.full((n_workers, 2), 0.5)
        even.strategy_priors_ = np.full((n_workers, n_labels), 10.0)

    even._initialize = start
    models = {
        "majority": MajorityVote(),
        "dawid-skene": DawidSkene(n_iter=30, tol=-1),
        "one-coin": OneCoinDawidSkene(n_iter=30, tol=-1),
        "mace": even,
    }
    # Wawa's own predict asks scikit-learn for tags that it lacks; this is what it does.
    skills = Wawa().fit(data).skills_
    posterior = {name: table(model.fit_predict_proba(data.copy()), items, labels) for name, model in models.items()}
    posterior["wawa"] = table(MajorityVote().fit_predict_proba(data, skills=skills), items, labels)
    return {
        "votes": [list(row) for row in data.itertuples(index=False)],
        "items": items,
        "labels": labels,
        "posterior": posterior,
        "glad": short(GLAD(n_iter=60, m_step_max_iter=100, m_step_tol=1e-6, tol=-1e9).fit_predict_proba(data.copy()).reindex(index=items, columns=labels).values.tolist(), 10),
        "alpha": short(alpha_krippendorff(data), 10),
    }


def of_pairs():
    scores = random.normal(size=8)
    rows = []
    for _ in range(300):
        a, b = random.choice(8, 2, replace=False)
        left_wins = random.random() < 1 / (1 + np.exp(scores[b] - scores[a]))
        rows.append((f"w{random.integers(5)}", f"c{a}", f"c{b}", f"c{a if left_wins else b}"))
    data = pd.DataFrame(rows, columns=["worker", "left", "right", "label"])
    names = sorted(set(data.left) | set(data.right))
    strengths = BradleyTerry(n_iter=2000, tol=0).fit_predict(data).reindex(names)
    workers = sorted(data.worker.unique())
    index = {name: k for k, name in enumerate(names)}
    np_data = np.array([[1 + index[x] for x in row[1:]] for row in rows])
    np_workers = np.array([workers.index(row[0]) for row in rows])
    x = random.normal(size=1 + len(names) + 2 * len(workers))

    def objective(at):
        return NoisyBradleyTerry._compute_log_likelihood(at, np_data, np_workers, len(names), len(workers), 0.0)

    def difference(k):
        step = np.zeros_like(x)
        step[k] = 1e-5
        return (objective(x + step) - objective(x - step)) / 2e-5

    return {
        "votes": [list(row) for row in rows],
        "candidates": names,
        "workers": workers,
        "strengths": short(strengths.tolist(), 10),
        "noisy": {"x": short(x.tolist(), 17), "objective": short(float(objective(x)), 12), "gradient": short([float(difference(k)) for k in range(len(x))], 8)},
    }


write(out, {"labels": [of_labels(simulated(60, 8, 5, 3)), of_labels(simulated(80, 12, 4, 2))], "pairs": of_pairs()})

"""How sure labels are where items differ in hardness, straight from the formulas in src/votes/aggregate/hardness.ts.

    python scripts/reference/hardness.py

Prints the values in src/votes/aggregate/hardness.test.ts. Needs nothing but Python.
"""

from math import exp, log

HARDNESS = [0, 0.2, 0.4, 0.6, 0.8, 1]
SHARPER = [1, 1.25, 1.5, 2, 3]
EXPECTED = [2, 0.2, 0.2, 0.2, 0.2, 0.2]


def fit(votes, ability, c, steps=100):
    """The log-evidence, and P(first label) of each item with votes. votes: item, rater, label, weight, strength."""
    items = sorted({vote[0] for vote in votes})

    def right(rater, h):
        logit = log(ability[rater] / (1 - ability[rater]))
        return 0.5 + (1 / (1 + exp(-c * logit)) - 0.5) * (1 - h)

    def chance(item, truth, h):
        own = [vote for vote in votes if vote[0] == item]
        total = 1
        for _, w, label, weight, s in own:
            full = right(w, h)
            mild = full**s / (full**s + (1 - full) ** s)
            total *= (mild if label == truth else 1 - mild) ** weight
        return total

    table = {i: [(chance(i, 0, h), chance(i, 1, h)) for h in HARDNESS] for i in items}
    shares = [count / sum(EXPECTED) for count in EXPECTED]
    for _ in range(steps):
        counts, evidence = list(EXPECTED), 0
        for i in items:
            likely = [share * (a + b) / 2 for share, (a, b) in zip(shares, table[i])]
            evidence += log(sum(likely))
            counts = [count + one / sum(likely) for count, one in zip(counts, likely)]
        shares = [count / sum(counts) for count in counts]
    first = {}
    for i in items:
        a = sum(share * one for share, (one, _) in zip(shares, table[i]))
        b = sum(share * two for share, (_, two) in zip(shares, table[i]))
        first[i] = a / (a + b)
    return evidence, first


def likeliest(votes, ability):
    return max(((*fit(votes, ability, c), c) for c in SHARPER), key=lambda one: one[0])


def show(name, votes, ability):
    votes = [vote if len(vote) == 5 else (*vote, 1) for vote in votes]
    as_strong = likeliest(votes, ability)
    alike = likeliest([(*vote[:4], 1) for vote in votes], ability)
    lost = alike[0] - as_strong[0]
    _, first, c = alike if lost >= 2 else as_strong
    print(name, "sharper by", c, "strengths cost", lost, first)


ability = [0.9, 0.8, 0.7, 0.6]
rows = [(0, w, 0) for w in (0, 1, 2)] + [(1, w, 1) for w in (0, 1, 3)]
rows += [(2, w, w % 2) for w in range(4)] + [(4, w, 1) for w in (0, 2, 3)]
show("plain", [(*row, 1) for row in rows], ability)
show("weighted", [(i, w, label, 0.5 if w == 1 else 1) for i, w, label in rows if (i, w) != (2, 3)], ability)
show("contradicting", [(i, w, (i + (w == i % 4)) % 2, 1) for i in range(8) for w in range(4)], [0.95, 0.9, 0.9, 0.85])
show("mostly", [(i, w, (i + ((i * 7 + w * 3) % 10 == 0)) % 2, 1) for i in range(10) for w in range(3)], [0.9, 0.88, 0.86])
show("weak ones", [(*row, 1, 0.4 if k % 2 else 1) for k, row in enumerate(rows)], ability)
# Strengths that go with being wrong, and with being right: on eight items that costs less than what makes them count for nothing.
for name, items, weak in (("when wrong", 12, False), ("when right", 12, True), ("when right, fewer", 8, True)):
    pairs = [(i, w, (i + (w == i % 5)) % 2) for i in range(items) for w in range(4)]
    said = [(i, w, label, 1, 0.3 if (label == i % 2) == weak else 1) for i, w, label in pairs]
    show(f"weak {name}", said, [0.8] * 4)

"""crowd-kit's MACE depends on the order of the votes: accuracy on D_Product as it lies, shuffled, and sorted by rater.

    python scripts/reference/mace_order.py --data FOLDER      (d_product_answers.csv, d_product_truth.csv)

The expected answers' rows come out of a groupby in sorted order of raters, the other tables are in order of appearance. Sorted
by rater both orders are one, and the result is that of the formulas.
"""

import argparse

import pandas as pd
from crowdkit.aggregation import MACE

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
folder = parser.parse_args().data
votes = pd.read_csv(f"{folder}/d_product_answers.csv")
votes.columns = ["task", "worker", "label"]
truth = pd.read_csv(f"{folder}/d_product_truth.csv", index_col=0)["truth"]


def accuracy(data: pd.DataFrame) -> float:
    labels = MACE(n_restarts=1).fit_predict(data)
    return float((labels.reindex(truth.index) == truth).mean())


print(f"as it lies       {accuracy(votes):.4f}")
for seed in range(3):
    print(f"shuffled, seed {seed} {accuracy(votes.sample(frac=1, random_state=seed)):.4f}")
print(f"sorted by rater  {accuracy(votes.sort_values(['worker', 'label'], kind='stable')):.4f}")

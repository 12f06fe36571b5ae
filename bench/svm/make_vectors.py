"""Regenerates crates/analytics/tests/svm-vectors/svm-*.json with scikit-learn.

Usage: python make_vectors.py [FOLDER OF COHORTS]

svm-squared-hinge-*.json and svm-hinge-*.json are synthetic. svm-cohorts.json has scikit-learn's
LinearSVC on the cohorts: nothing of them but how often it was right; without the folder it stays.
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
from sklearn.svm import SVC, LinearSVC

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "crates" / "analytics" / "tests" / "svm-vectors"

# name, rows, columns, C, distance of the classes
TABLES = [
    ("apart", 80, 3, 1.0, 3.0),
    ("mixed", 200, 6, 0.1, 1.0),
    ("close", 150, 4, 10.0, 0.5),
]
SPLITS = 10
TEST_PERMILLE = 200

# file, separator, columns left out (from 1), column of classes, values of the positive class
COHORTS = [
    ("breast-cancer-wisconsin.data", ",", [1], 11, [4.0]),
    ("processed.hungarian.data", None, [], 14, [1.0, 2.0, 3.0, 4.0]),
    ("australian.dat", None, [], 15, [1.0]),
]


def blobs(generator, rows, columns, distance):
    positive = generator.random(rows) < 0.4
    data = generator.normal(size=(rows, columns))
    data[positive] += distance / np.sqrt(columns)
    # Exact in fixed point with 10 bits or more.
    return np.round(data * 1024) / 1024, positive


def squared_hinge(data, positive, c):
    machine = LinearSVC(C=c, loss="squared_hinge", dual=False, tol=1e-12, max_iter=100000)
    machine.fit(data, positive)
    return machine


def synthetic():
    for seed, (name, rows, columns, c, distance) in enumerate(TABLES):
        data, positive = blobs(np.random.default_rng(seed), rows, columns, distance)
        common = {"data": data.tolist(), "positive": positive.tolist(), "c": c}
        machine = squared_hinge(data, positive, c)
        write(
            f"svm-squared-hinge-{name}",
            {
                **common,
                "weights": machine.coef_[0].tolist(),
                "bias": float(machine.intercept_[0]),
            },
        )
        machine = SVC(C=c, kernel="linear", tol=1e-9)
        machine.fit(data, positive)
        weights, bias = machine.coef_[0], float(machine.intercept_[0])
        margins = np.where(positive, 1, -1) * (data @ weights + bias)
        cost = 0.5 * weights @ weights + c * np.maximum(0, 1 - margins).sum()
        write(
            f"svm-hinge-{name}",
            {**common, "weights": weights.tolist(), "bias": bias, "cost": float(cost)},
        )


def is_test(number, row):
    """crates/analytics/src/split.rs."""
    name = row.to_bytes(8, "little")
    message = b"salus/split/1" + number.to_bytes(4, "little") + name
    drawn = int.from_bytes(hashlib.blake2b(message, digest_size=32).digest()[:8], "little")
    return drawn * 1000 < TEST_PERMILLE << 64


def read(path, separator):
    missing = {"", "?", "-9", "NA"}
    rows = [line.split(separator) for line in path.read_text().splitlines() if line.strip()]
    table = np.array(
        [[np.nan if field in missing else float(field) for field in row] for row in rows]
    )
    # Missing values: the mean of the column.
    return np.where(np.isnan(table), np.nanmean(table, axis=0), table)


def cohorts(folder):
    results = []
    for name, separator, dropped, classes, positive_class in COHORTS:
        table = read(folder / name, separator)
        positive = np.isin(table[:, classes - 1], positive_class)
        kept = [j for j in range(table.shape[1]) if j + 1 not in dropped + [classes]]
        data = table[:, kept]
        scores = []
        for number in range(SPLITS):
            test = np.array([is_test(number, row) for row in range(len(data))])
            mean, deviation = data[~test].mean(axis=0), data[~test].std(axis=0)
            deviation[deviation == 0] = 1
            scaled = (data - mean) / deviation
            machine = squared_hinge(scaled[~test], positive[~test], 1.0)
            found = machine.predict(scaled[test])
            truth = positive[test]
            tp = int((truth & found).sum())
            fp = int((~truth & found).sum())
            fn = int((truth & ~found).sum())
            scores.append({"tp": tp, "fp": fp, "fn": fn, "rows": int(test.sum())})
        results.append({"file": name, "splits": scores})
        f1 = np.mean([2 * s["tp"] / (2 * s["tp"] + s["fp"] + s["fn"]) for s in scores])
        print(f"{name}: mean F1 of LinearSVC {f1:.4f}")
    write("svm-cohorts", {"cohorts": results})


def write(name, vector):
    path = VECTORS / f"{name}.json"
    path.write_text(json.dumps(vector, separators=(",", ":")) + "\n")
    print(path)


if __name__ == "__main__":
    synthetic()
    if len(sys.argv) > 1:
        cohorts(pathlib.Path(sys.argv[1]))

"""Regenerates crates/analytics/tests/vectors/ with scikit-fuzzy, from synthetic data only.

Usage: python make_vectors.py [FOLDER]
"""

import json
import pathlib
import sys

import numpy as np

import peer

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "crates" / "analytics" / "tests" / "vectors"

# name, rows, columns, clusters, m, iterations
TABLES = [
    ("m2", 60, 3, 3, 2.0, 25),
    ("m2-five-clusters", 97, 7, 5, 2.0, 40),
    ("m3", 50, 2, 2, 3.0, 25),
    ("m5", 50, 4, 2, 5.0, 12),
    ("m1.5", 64, 2, 4, 1.5, 30),
    ("m1.25", 48, 3, 2, 1.25, 4),
    ("m2.2", 55, 3, 3, 2.2, 25),
]


def blobs(generator, rows, columns, clusters):
    centres = generator.uniform(-10.0, 10.0, (clusters, columns))
    data = centres[generator.integers(0, clusters, rows)]
    data = data + generator.normal(0.0, 1.5, (rows, columns))
    # A quarter of the rows occurs twice: equal rows are collapsed.
    data[: rows // 4] = data[rows // 4 : 2 * (rows // 4)]
    return data.round(4)


def record(data, clusters, m, iterations):
    start = peer.memberships(data, peer.first_prototypes(data, clusters), m)
    prototypes, u = peer.cmeans(data, clusters, m, iterations, start)
    return {
        "clusters": clusters,
        "m": m,
        "iterations": iterations,
        "prototypes": prototypes.tolist(),
        "memberships": u.T.tolist(),
    }


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, rows, columns, clusters, m, iterations) in enumerate(TABLES):
        data = blobs(np.random.default_rng(seed), rows, columns, clusters)
        vector = {"data": data.tolist(), **record(data, clusters, m, iterations)}
        write(folder / f"table-{name}.json", vector)

    generator = np.random.default_rng(100)
    width, height, clusters = 48, 32, 3
    tissue = generator.integers(0, clusters, width * height)
    pixels = np.clip(40 + 80 * tissue + generator.normal(0, 12, tissue.size), 0, 255)
    pixels = pixels.astype(np.uint8)
    vector = {
        "image": {"width": width, "height": height, "pixels": pixels.tolist()},
        **record(pixels[:, None].astype(float), clusters, 2.0, 30),
    }
    write(folder / "image.json", vector)


def write(path, vector):
    path.write_text(json.dumps(vector, separators=(",", ":")) + "\n")
    print(path)


if __name__ == "__main__":
    main()

"""Fuzzy c-means against scikit-fuzzy: same data, same start, equal iterations, two threads.

Usage: python run.py BENCH_FCM, the binary of crates/analytics/examples/bench_fcm.rs.

Both sides are timed from data in memory to prototypes and memberships: ours including checks,
collapse of equal rows or the histogram, and labels; scikit-fuzzy's call of `cmeans` alone, the
start memberships that it needs given for free. Ours is the median of five calls, scikit-fuzzy's
one call after a short warm-up. The prototypes of both must agree to 1e-9, else there is no figure.
"""

import os
import subprocess
import sys
import tempfile
import time

THREADS = 2
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

import numpy as np  # noqa: E402  (reads the variables above)

import peer  # noqa: E402

REPEATS = 5
POINTS, COLUMNS, CLUSTERS, ITERATIONS = 1_000_000, 16, 8, 50
SIDE, IMAGE_CLUSTERS, IMAGE_ITERATIONS = 4096, 4, 10


def ours(binary, what, path, *numbers):
    """Seconds and prototypes of our side."""
    arguments = [binary, what, path, *map(str, numbers), str(THREADS), str(REPEATS)]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    lines = [line.split() for line in output.splitlines()]
    if lines[1] != ["iterations", str(numbers[-1])]:
        sys.exit(f"{what}: a fixed point came before the last iteration; choose fewer")
    values = [float(number) for key, number in lines if key == "prototype"]
    return float(lines[0][1]), np.array(values)


def theirs(data, clusters, iterations):
    """Seconds and prototypes of scikit-fuzzy."""
    start = peer.memberships(data, peer.first_prototypes(data, clusters), 2.0)
    peer.cmeans(data[:1000], clusters, 2.0, 2, start[:, :1000])
    begin = time.perf_counter()
    prototypes, _ = peer.cmeans(data, clusters, 2.0, iterations, start)
    return time.perf_counter() - begin, prototypes.ravel()


def compare(name, mine, other):
    (seconds, prototypes), (peer_seconds, peer_prototypes) = mine, other
    difference = np.abs(prototypes - peer_prototypes).max()
    ratio = peer_seconds / seconds
    print(f"{name}: salus {seconds:.4f} s, scikit-fuzzy {peer_seconds:.2f} s,", flush=True)
    print(f"  largest difference of prototypes {difference:.2e}", flush=True)
    if not difference <= 1e-9:
        sys.exit(f"{name}: the prototypes do not agree to 1e-9")
    return ratio


def points(binary, folder):
    generator = np.random.default_rng(1)
    centres = generator.uniform(-10.0, 10.0, (CLUSTERS, COLUMNS))
    data = centres[generator.integers(0, CLUSTERS, POINTS)]
    data += generator.normal(size=data.shape)
    path = os.path.join(folder, "points.bin")
    data.astype("<f8").tofile(path)
    mine = ours(binary, "points", path, POINTS, COLUMNS, CLUSTERS, ITERATIONS)
    return compare("points", mine, theirs(data, CLUSTERS, ITERATIONS))


def image(binary, folder):
    generator = np.random.default_rng(2)
    tissue = generator.integers(0, IMAGE_CLUSTERS, SIDE * SIDE, dtype=np.int8)
    noise = generator.normal(0.0, 14.0, SIDE * SIDE)
    pixels = np.clip(30 + 64.0 * tissue + noise, 0, 255).astype(np.uint8)
    del tissue, noise
    path = os.path.join(folder, "image.bin")
    pixels.tofile(path)
    numbers = (SIDE, SIDE, IMAGE_CLUSTERS, IMAGE_ITERATIONS)
    mine = ours(binary, "image", path, *numbers)
    return compare("image", mine, theirs(pixels[:, None].astype(float), *numbers[2:]))


def main():
    binary = sys.argv[1]
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"load {load}; {os.cpu_count()} processors; {THREADS} threads each side", flush=True)
    print(f"points: {POINTS} x {COLUMNS}, c = {CLUSTERS}, m = 2, {ITERATIONS} iterations")
    print(f"image: {SIDE} x {SIDE}, c = {IMAGE_CLUSTERS}, m = 2, {IMAGE_ITERATIONS} iterations")
    with tempfile.TemporaryDirectory() as folder:
        points_ratio = points(binary, folder)
        image_ratio = image(binary, folder)
    print(f"figure fcm_vs_scikit_fuzzy {points_ratio:.1f} x")
    print(f"figure fcm_image_vs_scikit_fuzzy {image_ratio:.1f} x")


if __name__ == "__main__":
    main()

"""Paillier encryption against phe and pypaillier: 2048 bits, encryptions a second of one core.

Usage: python run.py BENCH_PAILLIER, the binary of crates/paillier/examples/bench_paillier.rs.

Both ratios are medians over rounds in which the three programs take turns, so that a busy machine
is busy for all of them. pypaillier masks with exponents of half the modulus' bits, as the crate's
default does: that is the comparison at equal length. phe, with gmpy2, has the textbook's
exponents, and is compared with the crate's exponents of 256 bits.
"""

import os
import statistics
import subprocess
import sys
import time

# One thread each side; the packages read this when they are loaded.
os.environ["RAYON_NUM_THREADS"] = "1"

import paillier  # noqa: E402
import phe  # noqa: E402
from phe.paillier import generate_paillier_keypair  # noqa: E402

BITS = 2048
ROUNDS = 5
SECONDS = 1.0


def rate(task, items):
    """Items a second."""
    task()
    calls, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        task()
        calls += 1
    return calls * items / elapsed


def ours(binary):
    output = subprocess.run(
        [binary, "kernel", str(BITS), str(SECONDS)], check=True, capture_output=True, text=True
    ).stdout
    return {name: float(number) for name, number in map(str.split, output.splitlines())}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: run.py BENCH_PAILLIER")
    if not phe.util.HAVE_GMP:
        sys.exit("phe does not find gmpy2: there would be nothing to compare with")
    public, _ = paillier.generate_keypair(BITS)
    if public.exponent_bits != BITS // 2:
        sys.exit(f"pypaillier uses exponents of {public.exponent_bits} bits, not {BITS // 2}")
    values = list(range(64))
    textbook, _ = generate_paillier_keypair(n_length=BITS)
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"load {load}; {os.cpu_count()} processors; one thread each side", flush=True)

    ratios = {"paillier_vs_pypaillier": [], "paillier_vs_phe": []}
    for number in range(ROUNDS):
        mine = ours(sys.argv[1])
        short = rate(lambda: paillier.encrypt_integers(public, values), len(values))
        full = rate(lambda: [textbook.raw_encrypt(value) for value in values[:8]], 8)
        ratios["paillier_vs_pypaillier"].append(mine["encrypt_half"] / short)
        ratios["paillier_vs_phe"].append(mine["encrypt_256"] / full)
        print(
            f"round {number + 1}: {BITS // 2} bits: salus {mine['encrypt_half']:.0f}/s, "
            f"pypaillier {short:.0f}/s; 256 bits: salus {mine['encrypt_256']:.0f}/s, "
            f"phe {full:.1f}/s (full length)",
            flush=True,
        )
    for name, number in mine.items():
        print(f"  {name} {number:.0f}/s")
    for name, rounds in ratios.items():
        print(f"figure {name} {statistics.median(rounds):.1f} x")


if __name__ == "__main__":
    main()

"""Erasure coding against zfec and ISA-L, proofs in wasm, storage on disk.

Usage: python run.py BENCH_ERASURE VERIFIER_WASM

Speeds are GB/s of data of one core; ratios are medians over rounds in which the sides take turns.
"1 MiB" is read both ways, as a block of 1 MiB in ten chunks and as ten chunks of 1 MiB, and the figure
is the smaller one.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

import wasmtime
import zfec

K, M = 10, 14
# The chunks of a block of 1 MiB, in whole leaves; then chunks of 1 MiB.
LENGTHS = {"block of 1 MiB": 103 * 1024, "chunks of 1 MiB": 1 << 20}
ROUNDS = 7
SECONDS = 0.5


def run(binary, *arguments, data=None):
    command = [binary, *map(str, arguments)]
    return subprocess.run(command, check=True, input=data, stdout=subprocess.PIPE).stdout


def numbers(output):
    return {name: float(number) for name, number in map(str.split, output.decode().splitlines())}


def rate(task, size):
    """GB/s, from the median time."""
    task()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        before = time.perf_counter()
        task()
        times.append(time.perf_counter() - before)
    return size / statistics.median(times) / 1e9


class Isal:
    """The same code by ISA-L, with the matrix computed from the definition."""

    def __init__(self, length):
        self.library = ctypes.CDLL("libisal.so.2")
        for function in (self.library.gf_mul, self.library.gf_inv):
            function.restype = ctypes.c_ubyte
        rows = bytes(self.factor(x, i) for x in range(K, M) for i in range(K))
        self.tables = ctypes.create_string_buffer(32 * K * (M - K))
        self.library.ec_init_tables(K, M - K, rows, self.tables)
        self.length = length
        self.data = [ctypes.create_string_buffer(os.urandom(length), length) for _ in range(K)]
        self.parity = [ctypes.create_string_buffer(length) for _ in range(M - K)]
        self.inputs = (ctypes.c_void_p * K)(*map(ctypes.addressof, self.data))
        self.outputs = (ctypes.c_void_p * (M - K))(*map(ctypes.addressof, self.parity))

    def factor(self, x, i):
        """Of the datum at i in the polynomial's value at x."""
        product = 1
        for j in range(K):
            if j != i:
                quotient = self.library.gf_mul(x ^ j, self.library.gf_inv(i ^ j))
                product = self.library.gf_mul(product, quotient)
        return product

    def encode(self):
        self.library.ec_encode_data(
            self.length, K, M - K, self.tables, self.inputs, self.outputs
        )


def codes(binary):
    ratios = {}
    for name, length in LENGTHS.items():
        isal = Isal(length)
        isal.encode()
        data = b"".join(chunk.raw for chunk in isal.data)
        if run(binary, "parity", K, M, data=data) != b"".join(chunk.raw for chunk in isal.parity):
            sys.exit("ISA-L and salus code the same data into different chunks")
        encoder = zfec.Encoder(K, M)
        chunks = [chunk.raw for chunk in isal.data]
        parity = list(range(K, M))
        sides = {"salus": [], "isal": [], "zfec": []}
        for _ in range(ROUNDS):
            sides["salus"].append(float(run(binary, "code", K, M, length, SECONDS)))
            sides["isal"].append(rate(isal.encode, K * length))
            sides["zfec"].append(rate(lambda: encoder.encode(chunks, parity), K * length))
        print(f"{name}: " + ", ".join(f"{side} {statistics.median(rounds):.2f} GB/s"
                                      for side, rounds in sides.items()), flush=True)
        for peer in ("zfec", "isal"):
            pairs = zip(sides["salus"], sides[peer])
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            ratios[peer] = min(ratio, ratios.get(peer, ratio))
    return ratios


def verified(wasm, question):
    """Microseconds of one verification in wasm, the median of batches."""
    store = wasmtime.Store()
    module = wasmtime.Module.from_file(store.engine, wasm)
    exports = wasmtime.Instance(store, module, []).exports(store)
    exports["memory"].write(store, question, exports["input"](store))
    # Short batches: few of them are interrupted.
    rounds, times = 2, []
    for _ in range(1000):
        start = time.perf_counter()
        good = exports["verify_rounds"](store, len(question), rounds)
        times.append((time.perf_counter() - start) / rounds * 1e6)
        if good != rounds:
            sys.exit("the wasm verifier refuses a good proof")
    # A verifier that is not asked properly refuses.
    false = bytearray(question)
    false[0] ^= 1
    exports["memory"].write(store, false, exports["input"](store))
    if exports["verify_rounds"](store, len(false), 1) != 0:
        sys.exit("the wasm verifier takes a proof of another root")
    return statistics.median(times)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: run.py BENCH_ERASURE VERIFIER_WASM")
    binary, wasm = sys.argv[1:]
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"load {load}; {os.cpu_count()} processors; one thread each side", flush=True)
    ratios = codes(binary)
    block = numbers(run(binary, "block", K, M, 3))
    print("records to chunks with digests and trees {encode:.2f} GB/s, "
          "back from the last ten {restore:.2f} GB/s".format(**block), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        question = os.path.join(folder, "question")
        proof = numbers(run(binary, "proof", 1 << 20, folder, question))
        with open(question, "rb") as file:
            microseconds = verified(wasm, file.read())
        print("ten leaves of 1 GiB: made in {made_warm_ms:.2f} ms, from disk {made_cold_ms:.2f} ms "
              "(slowest {made_cold_worst_ms:.2f}), {bytes:.0f} bytes".format(**proof), flush=True)
        ratio = {shape: numbers(run(binary, "ratio", *shape, folder)) for shape in ((2, 3), (K, M))}
    print(f"storage 10 of 14 without the owner's copy {ratio[K, M]['custodians']:.3f}")
    print(f"figure rs_vs_zfec {ratios['zfec']:.1f} x")
    print(f"figure rs_vs_isal {ratios['isal']:.2f} x")
    print(f"figure proof_make_ms {proof['made_cold_ms']:.2f} ms")
    print(f"figure proof_verify_wasm_us {microseconds:.0f} us")
    print(f"figure storage_ratio_2_3 {ratio[2, 3]['with_owner']:.3f}")
    print(f"figure storage_ratio_10_14 {ratio[K, M]['with_owner']:.3f}", flush=True)


if __name__ == "__main__":
    main()

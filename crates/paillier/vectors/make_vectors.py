"""Regenerates phe.json and pypaillier.json with the PyPI packages of bench/paillier/requirements.txt.

Usage: python make_vectors.py [BENCH_PAILLIER]

With the binary of examples/bench_paillier.rs it also checks the other direction: both packages
decrypt what the crate encrypts, under keys that they made.

phe.json is the same on every run; pypaillier draws its own random numbers.
"""

import json
import pathlib
import random
import subprocess
import sys

import paillier
from phe.paillier import EncryptedNumber, PaillierPrivateKey, PaillierPublicKey

HERE = pathlib.Path(__file__).resolve().parent

# The factors of tests/mod.rs.
P = int(
    "c0031ad645db270e9580699ee3669c8fc9c555fa62012c493c470f4a9639de7227cfac23a2c76ec95c2eb0953db38c"
    "43bd2ff5e1e2f95059b905e4a4d22393bb4dc8cca78cec2ed44e4a2b9bee98702ca4b2bb5e93f7586ca5476302094f"
    "e00ea77c8e43eb73c3eb59b58c2b7841ec4c92457399e8d35df1edcfa0f1cab8dde7",
    16,
)
Q = int(
    "e9726010674137f3e6e40fc7c1e5f1d21b5759a119e9583071d5f195c1793546c31d85b390e1688d8a1f361f9ea796"
    "4acaa4171e3b55ee0483c1f1e5c0ba97a13853199206b663c850408d53d83fd4fe6c21c8a201ad00919895310a6fe4"
    "aab6c7e80cd1dadec858ceb530f37e3488f0f1c20153236ef5eaeddcf0ed4537df6b",
    16,
)
N = P * Q


def values(generator):
    """Signed numbers of all sizes that both packages take."""
    yield from (0, 1, -1, 2**63 - 1, -(2**63))
    for bits in (8, 53, 64, 200, 500):
        size = generator.getrandbits(bits)
        yield from (size, -size)


def phe_vectors():
    generator = random.Random(1)
    public = PaillierPublicKey(N)
    private = PaillierPrivateKey(public, P, Q)
    cases = []
    for value in values(generator):
        r = generator.randrange(2, N)
        cipher = public.raw_encrypt(value % N, r_value=r)
        assert private.raw_decrypt(cipher) == value % N
        cases.append({"value": str(value), "r": f"{r:x}", "cipher": f"{cipher:x}"})
    first, second = (EncryptedNumber(public, int(case["cipher"], 16)) for case in cases[5:7])
    operations = []
    for factor in (2, -3, 2**40 + 1, -(2**100)):
        product = first._raw_mul(factor % N)
        operations.append({"factor": str(factor), "cipher": f"{product:x}"})
    return {
        "cases": cases,
        "sum": f"{first._raw_add(first.ciphertext(False), second.ciphertext(False)):x}",
        "products": operations,
    }


def body(blob):
    """The number in a ciphertext of pypaillier: a byte of scale, then big-endian."""
    blob = bytes(blob)
    assert blob[0] == 0
    return int.from_bytes(blob[1:], "big")


def pypaillier_vectors():
    generator = random.Random(2)
    public = paillier.PublicKey.from_n(N.to_bytes(256, "big"))
    numbers = list(values(generator))
    blobs = [bytes(blob) for blob in paillier.encrypt_integers(public, numbers)]
    factors = [2, -3, 2**40 + 1, -(2**60)]
    products = paillier.multiply_integers(public, [blobs[5]] * len(factors), factors)
    return {
        "cases": [
            {"value": str(value), "cipher": f"{body(blob):x}"}
            for value, blob in zip(numbers, blobs)
        ],
        "sum": f"{body(paillier.add_many(public, blobs[5:7])):x}",
        "products": [
            {"factor": str(factor), "cipher": f"{body(product):x}"}
            for factor, product in zip(factors, products)
        ],
    }


def ours(binary, modulus, numbers):
    """Ciphertexts of the crate under a modulus."""
    arguments = [binary, "encrypt", f"{modulus:x}", *map(str, numbers)]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    return [int(line, 16) for line in output.split()]


def check(binary):
    numbers = list(values(random.Random(3)))
    # The crate takes moduli that are 1 modulo 4; a product of two Blum primes is.
    private = PaillierPrivateKey(PaillierPublicKey(N), P, Q)
    for value, cipher in zip(numbers, ours(binary, N, numbers), strict=True):
        assert private.raw_decrypt(cipher) == value % N
    public, secret = paillier.generate_keypair(2048)
    modulus = int.from_bytes(public.modulus_bytes(), "big")
    ciphers = ours(binary, modulus, numbers)
    blobs = [b"\0" + c.to_bytes((c.bit_length() + 7) // 8, "big") for c in ciphers]
    assert [int(text) for text in paillier.decrypt_many(secret, blobs)] == numbers
    print("phe and pypaillier decrypt what the crate encrypts")


def main():
    for name, vectors in (("phe", phe_vectors()), ("pypaillier", pypaillier_vectors())):
        path = HERE / f"{name}.json"
        path.write_text(json.dumps(vectors, indent=0) + "\n")
        print(path)
    if len(sys.argv) > 1:
        check(sys.argv[1])


if __name__ == "__main__":
    main()

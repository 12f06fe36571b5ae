"""The rules of svm/1 once more, in plain Python: prints the digests that
crates/analytics/tests/svm.rs pins.

Usage: python model.py
"""

import hashlib
import math

FRACTION = 16
S = 1 << FRACTION
ROWS, COLUMNS, SEED = 500, 5, 11


def cloud():
    """The rows of the test of that name, and their classes as 1 and -1."""
    state = SEED

    def draw():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 40) / float(1 << 24) - 0.5

    classes = [1 if draw() > 0.1 else -1 for _ in range(ROWS)]
    rows = [[round((3.0 * draw() + 0.6 * y) * S) for _ in range(COLUMNS)] for y in classes]
    return rows, classes


X, Y = cloud()


def rounded_shift(x, bits):
    return (x + (1 << (bits - 1))) >> bits


def active(w, b, rows):
    def margin(i):
        return Y[i] * (sum(a * x for a, x in zip(w, X[i])) + b * S)

    return [i for i in rows if margin(i) < S * S]


def batch(size, seed, round_number):
    rows = []
    for k in range(size):
        message = b"salus/svm/batch/1" + seed.to_bytes(8, "little")
        message += round_number.to_bytes(4, "little") + k.to_bytes(4, "little")
        drawn = hashlib.blake2b(message, digest_size=32).digest()[:8]
        rows.append((int.from_bytes(drawn, "little") * ROWS) >> 64)
    return rows


def hinge(rounds, eta, c, size=0, seed=0):
    eta, decay = round(eta * 2**32), round(2**32 / c)
    w, b = [0] * COLUMNS, 0
    for number in range(rounds):
        rows = active(w, b, batch(size, seed, number) if size else range(ROWS))
        sums = [sum(Y[i] * X[i][j] for i in rows) for j in range(COLUMNS)]
        classes = sum(Y[i] for i in rows)
        w = [
            a - rounded_shift(eta * (rounded_shift(decay * a, 32) - s), 32)
            for a, s in zip(w, sums)
        ]
        b -= rounded_shift(eta * -(classes * S), 32)
    return w, b


def system(rows):
    d = COLUMNS
    m = [[0.0] * (d + 1) for _ in range(d + 1)]
    for i in range(d):
        for j in range(i + 1):
            m[i][j] = m[j][i] = float(sum(X[r][i] * X[r][j] for r in rows)) / S / S
        m[i][d] = m[d][i] = float(sum(X[r][i] for r in rows)) / S
    m[d][d] = float(len(rows))
    v = [float(sum(Y[r] * X[r][j] for r in rows)) / S for j in range(d)]
    return m, v + [float(sum(Y[r] for r in rows))]


def less(start, a, b):
    for x, y in zip(a, b):
        start -= x * y
    return start


def cost(w, b, rows, c):
    numbers = [x / S for x in w]
    square = 0.0
    for x in numbers:
        square += x * x
    (m, v), total = system(rows), float(len(rows))
    numbers.append(b / S)
    for i, x in enumerate(numbers):
        product = 0.0
        for entry, y in zip(m[i], numbers):
            product += entry * y
        total += x * (product - 2.0 * v[i])
    return 0.5 * square + c * max(total, 0.0)


def solve(rows, c):
    (m, v), n = system(rows), COLUMNS + 1
    for i in range(COLUMNS):
        m[i][i] += 0.5 / c
    for i in range(n):
        for j in range(i + 1):
            x = less(m[i][j], m[i][:j], m[j][:j])
            m[i][j] = math.sqrt(x) if i == j else x / m[j][j]
    for i in range(n):
        v[i] = less(v[i], m[i][:i], v[:i]) / m[i][i]
    for i in reversed(range(n)):
        v[i] = less(v[i], [m[k][i] for k in range(i + 1, n)], v[i + 1 :]) / m[i][i]
    encoded = [round(x * S) for x in v]
    return encoded[:-1], encoded[-1]


def newton(rounds, c):
    model, accepted = ([0] * COLUMNS, 0), None
    for number in range(1, rounds + 1):
        rows = active(*model, range(ROWS))
        found, last = cost(*model, rows, c), number == rounds
        if accepted and found > accepted[1] + 1e-9 * abs(accepted[1]):
            best = accepted[0]
            middle = [(x + y) >> 1 for x, y in zip(best[0], model[0])], (best[1] + model[1]) >> 1
            if last or middle in (best, model):
                return best
            model = middle
            continue
        accepted = (model, found)
        following = solve(rows, c)
        if last or following == model:
            return model
        model = following


def digest(w, b):
    message = b"salusSVM" + (1).to_bytes(2, "little") + FRACTION.to_bytes(2, "little")
    message += len(w).to_bytes(4, "little")
    message += b"".join(x.to_bytes(8, "little", signed=True) for x in w + [b])
    return hashlib.blake2b(message, digest_size=32).digest()[:8].hex()


if __name__ == "__main__":
    print(digest(*hinge(40, 0.01, 1.0)))
    print(digest(*hinge(40, 0.01, 1.0, size=3, seed=5)))
    print(digest(*newton(60, 1.0)))

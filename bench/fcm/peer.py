"""scikit-fuzzy's cmeans, started where Salus starts."""

import numpy as np
import skfuzzy


def first_prototypes(data, clusters):
    """On the body diagonal of the bounding box, c x d; `data` is n x d."""
    low, high = data.min(axis=0), data.max(axis=0)
    steps = (2 * np.arange(1, clusters + 1) - 1) / (2 * clusters)
    return low + steps[:, None] * (high - low)


def memberships(data, prototypes, m):
    """Memberships under prototypes, c x n. No row may lie on a prototype."""
    result = np.empty((len(prototypes), len(data)))
    for row, prototype in zip(result, prototypes):
        np.square(data - prototype).sum(axis=1, out=row)
    result **= -1.0 / (m - 1.0)
    result /= result.sum(axis=0)
    return result


def cmeans(data, clusters, m, iterations, start):
    """Prototypes (c x d) and memberships (c x n) after exactly `iterations` updates."""
    # The norm that it stops at is never below 0.
    prototypes, u, _, _, _, done, _ = skfuzzy.cmeans(
        data.T, clusters, m, error=0.0, maxiter=iterations, init=start
    )
    assert done == iterations
    return prototypes, u

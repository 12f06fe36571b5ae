#!/bin/sh
# Trains on the cohorts of the folder SALUS_DATA and prints the figures, beside what scikit-learn's
# LinearSVC was recorded to reach on the same splits. `run.sh quick` trains one split of each,
# `run.sh series` prints seconds against the number of providers. `run.sh vectors` regenerates the
# recorded vectors instead, from pinned peers in a virtual environment outside the checkout.
set -eu
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" = vectors ]; then
    venv="${XDG_CACHE_HOME:-$HOME/.cache}/salus/venv-svm"
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    exec "$venv/bin/python" "$here/make_vectors.py" ${SALUS_DATA:+"$SALUS_DATA"}
fi

cd "$here/../.."
# Keys of 1024 bits are the book's; no other program accepts them. The path of the binary as cargo
# reports it: the target directory may be anywhere.
binary=$(cargo build --release --quiet -p salus-training --features bench-legacy --example bench_svm \
    --message-format=json | sed -n 's/.*"executable":"\([^"]*bench_svm\)".*/\1/p')
exec "$binary" "$@"

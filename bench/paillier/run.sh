#!/bin/sh
# Runs the Paillier bench: pinned peers in a virtual environment outside the checkout, all sides
# in one run. `run.sh vectors` regenerates crates/paillier/vectors instead, and checks that both
# peers decrypt what the crate encrypts.
set -eu
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/salus/venv-paillier"

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

cd "$here/../.."
# The path of the binary as cargo reports it: the target directory may be anywhere.
binary=$(cargo build --release --quiet -p salus-paillier --example bench_paillier \
    --message-format=json | sed -n 's/.*"executable":"\([^"]*bench_paillier\)".*/\1/p')
if [ "${1:-}" = vectors ]; then
    exec "$venv/bin/python" crates/paillier/vectors/make_vectors.py "$binary"
fi
exec "$venv/bin/python" "$here/run.py" "$binary"

#!/bin/sh
# Runs the fuzzy c-means bench: pinned peers in a virtual environment outside the checkout, both
# sides in one run. `run.sh vectors` regenerates the recorded vectors instead.
set -eu
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/salus/venv-fcm"

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

if [ "${1:-}" = vectors ]; then
    exec "$venv/bin/python" "$here/make_vectors.py"
fi

cd "$here/../.."
# The path of the binary as cargo reports it: the target directory may be anywhere.
binary=$(cargo build --release --quiet -p salus-analytics --example bench_fcm \
    --message-format=json | sed -n 's/.*"executable":"\([^"]*bench_fcm\)".*/\1/p')
exec "$venv/bin/python" "$here/run.py" "$binary"

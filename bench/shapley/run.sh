#!/bin/sh
# Runs the Shapley bench: a pinned peer in a virtual environment outside the checkout, both sides in
# one run, on the cohorts of the folder SALUS_DATA. `run.sh figures FOLDER [REPETITIONS]` draws the
# book's figures 7.4 to 7.9 instead, after checking their shape.
set -eu
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
: "${SALUS_DATA:?SALUS_DATA must name the folder of the cohorts}"

cd "$here/../.."
# The path of the binary as cargo reports it: the target directory may be anywhere.
binary=$(cargo build --locked --release --quiet -p salus-bench-shapley \
    --message-format=json | sed -n 's/.*"executable":"\([^"]*bench-shapley\)".*/\1/p')

if [ "${1:-}" = figures ]; then
    shift
    exec "$binary" figures "$SALUS_DATA" "$@"
fi

venv="${XDG_CACHE_HOME:-$HOME/.cache}/salus/venv-shapley"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
"$venv/bin/python" "$here/run.py" "$binary" "$SALUS_DATA"
"$binary" twenty "$SALUS_DATA"
"$binary" aggregate

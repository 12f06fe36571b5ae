#!/bin/sh
# `run.sh vectors` regenerates the recorded vectors of the support vector machines, from pinned
# peers in a virtual environment outside the checkout. SALUS_DATA is the folder of the cohorts.
set -eu
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/salus/venv-svm"

[ "${1:-}" = vectors ] || { echo "usage: run.sh vectors" >&2; exit 2; }
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
exec "$venv/bin/python" "$here/make_vectors.py" ${SALUS_DATA:+"$SALUS_DATA"}

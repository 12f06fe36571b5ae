#!/bin/sh
# Runs the erasure bench: zfec in a virtual environment outside the checkout, ISA-L from Debian, all
# sides in one run. Wants 3 GiB below TMPDIR.
set -eu
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "$0")" && pwd)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/salus/venv-erasure"

[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
if ! ldconfig -p | grep -q libisal.so.2; then
    sudo=""
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get install -y -qq --no-install-recommends libisal2 >/dev/null
fi

cd "$here/../.."
# The paths of what was built as cargo reports them: the target directory may be anywhere.
built() {
    cargo build --locked --release --quiet -p salus-bench-erasure "$@" --message-format=json |
        sed -n 's/.*"filenames":\["\([^"]*\(bench-erasure\|simulate-losses\|\.wasm\)\)".*/\1/p'
}
binaries=$(built --bins)
wasm=$(built --lib --target wasm32v1-none)
"$venv/bin/python" "$here/run.py" "$(echo "$binaries" | grep '/bench-erasure$')" "$wasm"
exec "$(echo "$binaries" | grep '/simulate-losses$')" "${PLOT:-${TMPDIR:-/tmp}/salus-losses.png}"

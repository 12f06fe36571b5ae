#!/bin/sh
# Prints the chain spec of the network of ten, raw: zombienet would change the session keys of
# another.
set -eu
# zombienet asks every program that makes specs.
if [ "${1:-}" = --help ]; then
    echo "Prints the chain spec of ten.consortium.toml. Needs salus and salus-node on the PATH."
    exit
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
salus spec new "$(dirname "$0")/ten.consortium.toml" --raw --output "$folder/spec.json" >&2
cat "$folder/spec.json"

//! What the default build must not pull in.

use std::{collections::BTreeSet, process::Command};

/// Crates that cost minutes of C or C++, or a licence, and for which there is a reason each not to
/// be there: ParityDB is the database, the GMP and S3 back-ends are features.
const INTRUDERS: [&str; 5] = [
    "librocksdb-sys",
    "gmp-mpfr-sys",
    "tikv-jemalloc-sys",
    "aws-lc-sys",
    "wasm-opt-sys",
];

#[test]
fn the_default_build_is_free_of_intruders() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--workspace",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ])
        .args(["--format", "{p}"])
        .current_dir(std::env::var_os("CARGO_MANIFEST_DIR").expect("run by cargo"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.contains("parity-db"), "the tree was read");
    let found: Vec<_> = INTRUDERS
        .iter()
        .filter(|name| names.contains(*name))
        .collect();
    assert!(found.is_empty(), "the default build pulls in {found:?}");
}

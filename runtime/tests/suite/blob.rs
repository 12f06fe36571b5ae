//! The blob that nodes run.

use salus_runtime::WASM_BINARY_BLOATY;
use wasmparser::{Validator, WasmFeatures};

/// The build copies the blob instead of running binaryen's sign-extension lowering over it
/// (`vendor/wasm-opt`). That is sound as long as the blob uses no instruction beyond the MVP.
#[test]
fn the_blob_is_mvp_wasm() {
    let Some(blob) = WASM_BINARY_BLOATY else {
        eprintln!("skipped: built with SKIP_WASM_BUILD");
        return;
    };
    let features = WasmFeatures::WASM1;
    assert!(!features.contains(WasmFeatures::SIGN_EXTENSION));
    Validator::new_with_features(features)
        .validate_all(blob)
        .expect("MVP and mutable globals only");
}

/// An upgrade has to fit into a block, of which operational extrinsics may use 5 MiB.
#[test]
fn the_compressed_blob_fits_a_block() {
    let Some(blob) = salus_runtime::WASM_BINARY else {
        eprintln!("skipped: built with SKIP_WASM_BUILD");
        return;
    };
    assert!(blob.len() < 2 * 1024 * 1024, "{} bytes", blob.len());
}

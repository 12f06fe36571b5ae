//! Builds the blobs. Every blob of Salus is built here, so that no other crate can switch on a feature
//! of one flavour in the blob of the other.

fn main() {
    #[cfg(feature = "std")]
    blobs::build();
}

#[cfg(feature = "std")]
mod blobs {
    use std::env;
    use substrate_wasm_builder::WasmBuilder;

    pub fn build() {
        let skipped = env::var_os("SKIP_WASM_BUILD").is_some();
        if env::var_os("CARGO_FEATURE_PARACHAIN").is_some() && !skipped {
            eprintln!(
                "the feature `parachain` of salus-runtime is for the blob that build.rs makes; \
                 ask for `parachain-blob` to have it. With SKIP_WASM_BUILD=1, which makes no blob, \
                 it can be checked natively"
            );
            std::process::exit(1);
        }
        let both = env::var_os("CARGO_FEATURE_PARACHAIN_BLOB").is_some();
        // The builder copies every feature that is on natively into the blob. Without these, the solo
        // blob is the same, byte for byte, whether the other is built or not.
        env::remove_var("CARGO_FEATURE_PARACHAIN_BLOB");
        env::remove_var("CARGO_FEATURE_PARACHAIN_TEST");
        builder().build();
        if both {
            builder()
                .enable_feature("parachain")
                .set_file_name("parachain.rs")
                .build();
        }
    }

    fn builder() -> WasmBuilder {
        let builder = WasmBuilder::new()
            .with_current_project()
            .export_heap_base()
            .import_memory();
        #[cfg(feature = "metadata-hash")]
        let builder = builder.enable_metadata_hash("MED", 12);
        builder
    }
}

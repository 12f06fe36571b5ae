//! Builds the solo blob. Every blob of Salus is built here, so that no other crate can switch on a
//! feature of one flavour in the blob of the other.

fn main() {
    #[cfg(feature = "std")]
    {
        let builder = substrate_wasm_builder::WasmBuilder::new()
            .with_current_project()
            .export_heap_base()
            .import_memory();
        #[cfg(feature = "metadata-hash")]
        let builder = builder.enable_metadata_hash("MED", 12);
        builder.build();
    }
}

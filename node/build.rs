fn main() {
    // The macro of host functions asks for it.
    println!("cargo::rustc-check-cfg=cfg(substrate_runtime)");
    substrate_build_script_utils::generate_cargo_keys();
}

//! Passes `cold-sections.ld` to the linker, which reduces the function's memory.

use std::env::var_os;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cold-sections.ld");
    let is = |variable, value: &str| var_os(variable).is_some_and(|is| is == *value);
    let folder = var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") {
        let script = Path::new(&folder).join("cold-sections.ld");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}

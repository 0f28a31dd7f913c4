//! Gives the shared library its ABI name, so that a program runs with any later build of the same ABI.

/// Moves with `ECA_ABI_VERSION`, not with the version of the crate.
const SONAME: &str = "libeca.so.0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux" | "freebsd" | "netbsd" | "openbsd") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
            // An installed libeca that is not static finds its HiGHS in a folder of its own.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,$ORIGIN/eca");
        }
        Ok("macos") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libeca.0.dylib");
            println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,@loader_path/eca");
        }
        _ => {}
    }
}

//! Link arguments of the Python module.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        // A module built from the sdist carries its HiGHS beside itself.
        Ok("linux" | "freebsd" | "netbsd" | "openbsd") => println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,$ORIGIN"),
        Ok("macos") => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,@loader_path");
            // The interpreter supplies its own symbols when it loads the module.
            println!("cargo:rustc-cdylib-link-arg=-undefined");
            println!("cargo:rustc-cdylib-link-arg=dynamic_lookup");
        }
        _ => {}
    }
}

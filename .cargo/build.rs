//! Has the linker put what each start of a command passes through side by side, as `start.ld` lists it: a start then maps half
//! as much of the program and takes a tenth less time.

use std::env;

fn main() {
    const SCRIPT: &str = ".cargo/start.ld";
    println!("cargo::rerun-if-changed={SCRIPT}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_measured = is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("PROFILE", "release");
    // rustc's own linker understands the script; who chose another may have one that does not.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_chosen =
        env::var_os("RUSTC_LINKER").is_some() || ["linker", "fuse-ld"].iter().any(|word| flags.contains(word));
    if let Ok(folder) = env::var("CARGO_MANIFEST_DIR")
        && is_measured
        && !is_chosen
    {
        println!("cargo::rustc-link-arg-bins=-T{folder}/{SCRIPT}");
    }
}

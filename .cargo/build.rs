//! Has the linker put what each start of a command passes through side by side, as `start.ld` lists it: a start then maps half
//! as much of the program and takes a tenth less time. And has it pack the list of the places that a start corrects for where
//! the program came to lie, which is 400 kB to be read otherwise.

use std::{env, process::Command};

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
        if c_library_unpacks() {
            println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
}

/// Whether the C library that is linked in can read the packed list: that of this machine, as of glibc 2.36. An older one would
/// start a program whose pointers lead nowhere.
fn c_library_unpacks() -> bool {
    let is_here = env::var_os("HOST").is_some() && env::var_os("HOST") == env::var_os("TARGET");
    let is_linked_in =
        env::var("CARGO_CFG_TARGET_FEATURE").is_ok_and(|found| found.split(',').any(|word| word == "crt-static"));
    let version = || {
        let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
        let said = String::from_utf8(said.stdout).ok()?;
        let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    is_here && is_linked_in && version().is_some_and(|version| version >= (2, 36))
}

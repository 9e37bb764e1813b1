//! Has the linker put what each start of a command passes through side by side, as `start.*.ld` list it: a start then maps half
//! as much of the program and takes a tenth less time. And has it pack the list of the places that a start corrects for where
//! the program came to lie, which is 400 kB to be read otherwise.

use std::{env, path::Path, process::Command};

fn main() {
    // Else any file that changes has it run again.
    println!("cargo::rerun-if-changed=.cargo/build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_measured =
        is("CARGO_CFG_TARGET_ARCH", "x86_64") && is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release");
    let (has_glibc, has_musl) = (is("CARGO_CFG_TARGET_ENV", "gnu"), is("CARGO_CFG_TARGET_ENV", "musl"));
    // rustc's own linker understands the script; who chose another may have one that does not.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_chosen =
        env::var_os("RUSTC_LINKER").is_some() || ["linker", "fuse-ld"].iter().any(|word| flags.contains(word));
    let Some(folder) = env::var("CARGO_MANIFEST_DIR").ok().filter(|_| is_measured && !is_chosen) else { return };
    // With glibc rustc takes its own linker by itself, with musl it is told to.
    let own_linker = if has_musl { own_linker() } else { None };
    if let Some(linker) = &own_linker {
        println!("cargo::rustc-link-arg-bins=-B{linker}");
        println!("cargo::rustc-link-arg-bins=-fuse-ld=lld");
    }
    if has_glibc || own_linker.is_some() {
        let script = if has_musl { ".cargo/start.musl.ld" } else { ".cargo/start.gnu.ld" };
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-link-arg-bins=-T{folder}/{script}");
    }
    // The musl that comes with rustc reads the packed list.
    if own_linker.is_some() || has_glibc && glibc_unpacks() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The folder by which a C compiler that links finds the linker that comes with rustc, where one came with it.
fn own_linker() -> Option<String> {
    let said = Command::new(env::var_os("RUSTC")?).args(["--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8(said.stdout).ok()?;
    let folder = format!("{}/lib/rustlib/{}/bin/gcc-ld", sysroot.trim(), env::var("HOST").ok()?);
    Path::new(&folder).join("ld.lld").exists().then_some(folder)
}

/// Whether the glibc that is linked in can read the packed list: that of this machine, as of 2.36. An older one would start a
/// program whose pointers lead nowhere.
fn glibc_unpacks() -> bool {
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

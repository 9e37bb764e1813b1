//! Other programs that the tests speak with, and where they are.

#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "some tests are for Linux alone"))]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::sandbox::{KEYCTL, Sandbox};

/// The project's own folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where `tests/run` puts what comes from registries.
fn installed() -> PathBuf {
    std::env::var_os("KEYCTL_TEST_TOOLS").map_or_else(|| root().join("target/tools"), PathBuf::from)
}

/// A Python that has `pexpect`.
pub fn python() -> PathBuf {
    Some(installed().join("python/bin/python")).filter(|path| path.exists()).unwrap_or_else(|| "python3".into())
}

/// The packages of npm that `tests/run` installs.
pub fn node_modules() -> PathBuf {
    installed().join("node/node_modules")
}

/// A program that `tests/run` installs for Python.
pub fn python_program(name: &str) -> PathBuf {
    installed().join("python/bin").join(name)
}

/// The schema of SARIF 2.1.0, by OASIS.
pub fn sarif_schema() -> PathBuf {
    installed().join("sarif/schema.json")
}

/// A package of npm's that `tests/run` installs.
pub fn installed_node(name: &str) -> PathBuf {
    node_modules().join(name)
}

/// Nushell, of this machine's kind.
pub fn nu() -> PathBuf {
    let kinds = std::fs::read_dir(installed_node("@nushell")).into_iter().flatten().flatten();
    let found = kinds.map(|kind| kind.path().join("bin/nu")).find(|path| path.is_file());
    found.expect("nu: tests/run installs it")
}

/// A program that `tests/run` installs, or that is on `PATH`.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = crate::sandbox::path();
    std::iter::once(installed().join("bin"))
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// A search path that begins with the folder of the program under test.
pub fn path_with_keyctl() -> std::ffi::OsString {
    let own = Path::new(KEYCTL).parent().expect("folder").to_owned();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&crate::sandbox::path()))).expect("path")
}

/// One of the suite's Python scripts, not started yet.
pub fn script(sandbox: &Sandbox, name: &str) -> Command {
    let mut command = Command::new(python());
    sandbox.environment(&mut command);
    command.arg(root().join("tests/suite").join(name)).current_dir(sandbox.project());
    command.env("PATH", path_with_keyctl()).env("TERM", "xterm");
    command
}

/// Runs it and gives its standard output; it must succeed.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("start");
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{said}{}", String::from_utf8_lossy(&stdout));
    String::from_utf8(stdout).expect("text")
}

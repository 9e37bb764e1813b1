//! The program at a moment of the test's choosing.
//!
//! It is linked statically, so what is preloaded, such as libfaketime, does not reach it. Here `strace` puts the moment
//! into the kernel's answer instead. So that the kernel is asked at all, a copy of the program runs in which the name of
//! the kernel's short way is another (the vDSO's function, which is no system call): the C library does not find it then
//! and makes the call. Nothing else differs, and the program has no hook for its tests.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use keyctl::date::Moment;

use crate::sandbox::{Call, KEYCTL, Sandbox, contains, put_program};

/// The program with the longer way to the clock.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut bytes = std::fs::read(KEYCTL).expect("read");
        let name =
            if cfg!(target_arch = "aarch64") { "\0__kernel_clock_gettime\0" } else { "\0__vdso_clock_gettime\0" };
        let at = bytes.windows(name.len()).position(|window| window == name.as_bytes()).expect("a static glibc");
        bytes[at + 1] = b'-';
        assert!(!contains(&bytes, name.as_bytes()), "the name stands there twice");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clock");
        std::fs::create_dir_all(&folder).expect("make");
        // Another run of the tests may be starting the same file right now, so it is never written to.
        let temporary = folder.join(format!("keyctl.{}", std::process::id()));
        put_program(&bytes, &temporary);
        let path = folder.join("keyctl");
        std::fs::rename(temporary, &path).expect("rename");
        path
    })
}

/// The words that start the program at a moment; its arguments follow.
pub fn at(moment: &str) -> Vec<String> {
    at_second(moment.parse::<Moment>().expect("a moment").seconds())
}

/// The same at a second since 1970, also beyond the calendar.
fn at_second(seconds: i64) -> Vec<String> {
    // The two numbers of a `timespec`, byte by byte as they lie in memory.
    let inject = format!("inject=clock_gettime:poke_exit=@arg2={:016x}{:016x}", seconds.swap_bytes(), 0);
    // The filter stops at these two calls only, so that all else is as fast as ever. The other one is how a process keeps
    // its memory from others of its user, `strace` among them; here it does nothing.
    let (calls, open) = ("trace=clock_gettime,prctl", "inject=prctl:retval=0");
    let strace = ["strace", "--seccomp-bpf", "-f", "-qq", "-o", "/dev/null", "-e", calls, "-e", open, "-e", &inject];
    strace.map(str::to_owned).into_iter().chain([program().display().to_string()]).collect()
}

/// A key that was kept at some moment with these details.
#[track_caller]
pub fn keep(sandbox: &Sandbox, name: &str, moment: &str, details: &[&str]) {
    let secret = format!("sk-secret-of-{name}");
    sandbox.secret(&secret);
    let ran = sandbox.call(&[&["set", name][..], details].concat()).at(moment).input(secret).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 0), "{}", ran.stderr());
}

impl Call<'_> {
    /// The same call while the clock stands at this moment.
    pub fn at(self, moment: &str) -> Self {
        self.with_clock(&at(moment))
    }

    /// The same while the clock says so many seconds since 1970.
    pub fn at_second(self, seconds: i64) -> Self {
        self.with_clock(&at_second(seconds))
    }

    fn with_clock(mut self, words: &[String]) -> Self {
        let (program, strace) = words.split_last().expect("words");
        let mut command = std::process::Command::new(program);
        command.args(self.command.get_args()).env_clear();
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.command.get_current_dir().expect("set"));
        self.command = command;
        self.under(strace)
    }
}

//! Parse, run, report: errors become words and numbers here and nowhere else.
//!
//! With glibc the C library calls this and Rust's own start does not: that one reads in `/proc/self/maps` where the stack ends and
//! prepares for its overflow, for one more line before the program ends either way. Every start takes 0.03 ms less without; what
//! else it does is done by [`platform::begin`] and `main` below.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

use std::{ffi::OsString, process::ExitCode};

use keyctl::{
    cli::{self, Verb},
    commands::{self, Called, echo},
    failure::{Failure, Kind},
    identity::given,
    mcp::own_failure,
    platform,
    terminal::Terminal,
};

#[cfg(all(target_os = "linux", target_env = "musl"))]
#[global_allocator]
static HEAP: platform::Heap = platform::Heap::new();

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(test))))]
fn main() -> ExitCode {
    start()
}

#[cfg(all(target_os = "linux", target_env = "gnu", not(test)))]
#[expect(unsafe_code, reason = "the C library finds it by its name, which nothing else in a program has")]
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    platform::begin();
    let code = start();
    let _ = std::io::Write::flush(&mut std::io::stdout());
    // It does not say its number.
    (0..=u8::MAX).find(|number| ExitCode::from(*number) == code).map_or(1, i32::from)
}

fn start() -> ExitCode {
    platform::harden();
    let taken = given::take();
    own_failure::take();
    platform::outlive_file_limit();
    let arguments: Vec<_> = std::env::args_os().collect();
    commands::complete::answer_shell();
    let program = commands::called_by(arguments.first());
    match commands::parse(&arguments) {
        Called::Command(command) => {
            let terminal = Terminal::new(&program, command.global.quiet, command.global.no_colour);
            let terminal = terminal.about(commands::stores::meant(&command.verb));
            let one_code = match &command.verb {
                Verb::Run(_) | Verb::Shell(_) => Some(cli::RUN_FAILED),
                Verb::Proxy(proxy) => proxy.runs().then_some(cli::RUN_FAILED),
                Verb::Store(store) => commands::store::is_given_up_by_git(store).then_some(cli::MERGE_FAILED),
                _ => None,
            };
            let done = taken.map_err(Into::into).and_then(|()| commands::dispatch(*command, &terminal));
            done.unwrap_or_else(|error| report(&error, &arguments, one_code, &terminal))
        }
        Called::Text(text) => {
            let terminal = Terminal::new(&program, false, false);
            terminal.data(terminal.named(&text).as_bytes()).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        Called::Wrong(failure, one_code) => {
            report(&failure.into(), &arguments, one_code, &Terminal::new(&program, false, false))
        }
    }
}

/// Says what went wrong. `run` has the command's exit codes for itself, so its own failures are 125, 126 and 127, and
/// the kind stands behind the message; so it does where git called, which goes by whether it is one above 128.
fn report(error: &anyhow::Error, arguments: &[OsString], one_code: Option<u8>, terminal: &Terminal) -> ExitCode {
    let unknown;
    let failure = if let Some(failure) = error.downcast_ref::<Failure>() {
        failure
    } else {
        unknown = Failure::new(Kind::Disk, format!("{error:#}"));
        &unknown
    };
    let masked = echo::without_secrets(failure, arguments);
    let failure = masked.as_ref().unwrap_or(failure);
    let own_code = matches!(failure.kind, Kind::NotExecutable | Kind::NotFound | Kind::Interrupted);
    let one_code = one_code.filter(|_| !own_code);
    terminal.failure(failure, one_code.map(|_| failure.kind));
    own_failure::tell(failure.kind);
    ExitCode::from(one_code.unwrap_or(failure.kind as u8))
}

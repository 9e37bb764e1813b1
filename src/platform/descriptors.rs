//! How many files and sockets this process may have open: a shell gives 1,024 on most systems, and lets a program have more.

/// The most that systems allow which name no limit: `OPEN_MAX` of macOS.
#[cfg(unix)]
const MOST: u64 = 10_240;

/// Takes as many as this process may have. Not before a command is started: that would have them too, and programs that count
/// on numbers below 1,024 (`select(2)`) go wrong beyond.
#[cfg(unix)]
pub fn take_all_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    // What cannot be had is done without.
    if setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_err() {
        let some = limit.maximum.map_or(MOST, |maximum| maximum.min(MOST));
        if limit.current.is_some_and(|current| current < some) {
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(some), ..limit });
        }
    }
}

/// The same where there is no such limit.
#[cfg(not(unix))]
pub fn take_all_descriptors() {}

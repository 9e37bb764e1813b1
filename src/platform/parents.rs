//! Who started this process: the names of the programs above it, nearest first.
//!
//! Linux says a process's name and its parent's number in one line of `/proc/PID/stat` (proc(5)), so one small read a
//! parent is enough. The name is the one that the program goes by: a process may change its own, so it is told as a hint
//! and trusted for nothing. Linux keeps 15 bytes of it; only where that is the case, or where a runtime gave its own thread
//! a name, the file that runs is asked for too. Arguments and folders are never read.
//!
//! macOS and Windows tell this only through calls that need `unsafe` or one more dependency: there is nothing told there.

/// No chain of programs that means something is longer than this.
pub const MOST_PARENTS: usize = 8;

/// The file names of the programs above this process, nearest first, up to what starts sessions.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn parents() -> Vec<String> {
    Vec::new()
}

#[cfg(target_os = "linux")]
pub use linux::parents;

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs::File, io::Read};

    use super::MOST_PARENTS;

    /// What starts sessions and services: above it nothing says who asked for a key.
    const ROOTS: [&str; 5] = ["systemd", "init", "login", "sshd", "sshd-session"];
    /// The names that Node.js gives its main thread, in the place of the program's.
    const THREADS: [&str; 2] = ["MainThread", "node-MainThread"];
    /// The most bytes of a name that Linux keeps (`TASK_COMM_LEN` without its NUL).
    const LONGEST_KEPT: usize = 15;
    /// A program's file name may have 255 bytes; a history needs fewer.
    const LONGEST: usize = 64;

    /// The file names of the programs above this process, nearest first, up to what starts sessions.
    #[must_use]
    pub fn parents() -> Vec<String> {
        let parent = rustix::process::getppid().map_or(0, rustix::process::Pid::as_raw_pid);
        chain(parent, stat, executable)
    }

    /// Goes up from a process. Whoever cannot be read ends it, and so does a circle of numbers used anew meanwhile.
    pub(super) fn chain(
        mut process: i32,
        stat: impl Fn(i32) -> Option<(String, i32)>,
        executable: impl Fn(i32) -> Option<String>,
    ) -> Vec<String> {
        let mut names = Vec::new();
        while process > 1 && names.len() < MOST_PARENTS {
            let Some((kept, parent)) = stat(process) else { break };
            if ROOTS.contains(&kept.as_str()) {
                break;
            }
            let full = if THREADS.contains(&kept.as_str()) {
                executable(process)
            } else if kept.len() >= LONGEST_KEPT {
                executable(process).filter(|file| file.starts_with(&kept))
            } else {
                None
            };
            let mut name = full.unwrap_or(kept);
            name.truncate(name.floor_char_boundary(LONGEST));
            names.push(name);
            process = parent;
        }
        names
    }

    fn stat(process: i32) -> Option<(String, i32)> {
        // The parent's number ends before the fortieth byte; of what comes after nothing is wanted.
        let mut line = [0; 64];
        let length = File::open(format!("/proc/{process}/stat")).and_then(|mut file| file.read(&mut line)).ok()?;
        parse(&line[..length])
    }

    /// `12 (name) S 7 …`: the name may hold anything, also `)`, so its end is the last one.
    pub(super) fn parse(line: &[u8]) -> Option<(String, i32)> {
        let text = String::from_utf8_lossy(line);
        let (before, after) = text.rsplit_once(") ")?;
        let (_, name) = before.split_once(" (")?;
        let parent = after.split(' ').nth(1)?.parse().ok()?;
        Some((name.to_owned(), parent))
    }

    fn executable(process: i32) -> Option<String> {
        let path = std::fs::read_link(format!("/proc/{process}/exe")).ok()?;
        let name = path.file_name()?.to_string_lossy();
        // A program that was replaced while it runs, as by an update.
        Some(name.strip_suffix(" (deleted)").unwrap_or(&name).to_owned())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{linux::*, *};

    #[test]
    fn a_name_may_hold_anything_and_the_parent_stands_behind_it() {
        assert_eq!(parse(b"12 (bash) S 7 12 12 34816"), Some(("bash".into(), 7)));
        assert_eq!(parse(b"12 (tmux: server) S 1 12"), Some(("tmux: server".into(), 1)));
        assert_eq!(parse(b"12 (a) S 1) R 7 12"), Some(("a) S 1".into(), 7)));
        for bad in [&b""[..], b"12", b"12 (bash)", b"12 (bash) S", b"12 (bash) S x", b"\xff\xfe"] {
            assert_eq!(parse(bad), None);
        }
    }

    #[test]
    fn the_chain_ends_at_what_starts_sessions_and_is_never_long() {
        let table = [(9, "sh", 8), (8, "MainThread", 7), (7, "gnome-terminal-", 6), (6, "systemd", 1), (1, "init", 0)];
        let stat = |process| table.iter().find(|row| row.0 == process).map(|row| (row.1.to_owned(), row.2));
        let file = |process| Some(if process == 8 { "node" } else { "gnome-terminal-server" }.to_owned());
        assert_eq!(chain(9, stat, file), ["sh", "node", "gnome-terminal-server"]);
        // The file is another one: the program goes by a name of its own.
        assert_eq!(chain(7, stat, |_| Some("python3".into())), ["gnome-terminal-"]);
        assert_eq!(chain(9, |_| None, file), Vec::<String>::new());
        assert_eq!(chain(9, |_| Some(("loop".into(), 9)), file).len(), MOST_PARENTS);
        let long = chain(9, |_| Some(("é".repeat(60), 0)), |_| None);
        assert_eq!(long, ["é".repeat(32)]);
    }

    #[test]
    fn this_process_has_a_parent() {
        // What the system says in another file; a name of fifteen bytes may be the beginning of a longer one.
        let parent = format!("/proc/{}/comm", std::os::unix::process::parent_id());
        let parent = std::fs::read_to_string(parent).expect("a parent");
        let names = parents();
        assert!(names.len() <= MOST_PARENTS && names[0].starts_with(parent.trim_end()), "{parent}: {names:?}");
    }
}

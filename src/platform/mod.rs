//! What differs between operating systems, one small file each; the rest of the program is the same everywhere.

#[cfg(windows)]
mod asking_windows;
#[cfg(unix)]
mod attending;
#[cfg(windows)]
mod attending_windows;
mod beside;
#[cfg(all(target_os = "linux", feature = "proxy"))]
mod confining;
mod descriptors;
#[cfg(unix)]
mod hearing;
mod in_memory;
#[cfg(unix)]
mod interpreter;
#[cfg(all(any(target_os = "linux", target_os = "macos"), feature = "proxy"))]
mod links;
mod memory;
#[cfg(all(target_os = "linux", feature = "proxy"))]
pub mod network;
mod parents;
mod paths;
#[cfg(all(target_os = "linux", feature = "proxy"))]
mod places;
#[cfg(all(any(target_os = "macos", all(test, target_os = "linux")), feature = "proxy"))]
pub mod probing;
pub mod processes;
mod program;
#[cfg(unix)]
pub mod pty;
#[cfg(unix)]
pub mod pumping;
#[cfg(unix)]
mod question;
#[cfg(all(any(target_os = "macos", all(test, target_os = "linux")), feature = "proxy"))]
pub mod seatbelt;
mod session;
#[cfg(unix)]
mod signals;
#[cfg(windows)]
mod signals_windows;
mod system;
#[cfg(unix)]
mod unix;
mod unnamed;
#[cfg(windows)]
pub use asking_windows::{read_line, read_line_within, shows_as_it_is, terminal};
#[cfg(unix)]
pub use attending::{Ears, end_as, signal_that_came};
#[cfg(windows)]
pub use attending_windows::{Ears, end_as, hold_all_signals, signal_that_came};
pub use beside::{Beside, beside, forget_access_list};
#[cfg(all(target_os = "linux", feature = "proxy"))]
pub use confining::{abilities, confine};
pub use descriptors::take_all_descriptors;
#[cfg(unix)]
pub use hearing::hold_all_signals;
pub use in_memory::{is_in_memory, leave_open, memory_file, number_of};
#[cfg(all(target_os = "linux", target_env = "musl"))]
pub use memory::Heap;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use memory::begin;
pub use memory::{close_on_exec, close_what_was_inherited, keep_from_swap, put_input_aside, take_variable};
pub use parents::{MOST_PARENTS, parents};
pub use paths::{are_one_file, is_named_pipe, open_numbers, open_once_written};
pub use program::{OnPath, ProgramFile, is_script, way_to};
#[cfg(unix)]
pub use pty::shows_as_it_is;
#[cfg(unix)]
pub use question::{read_line, read_line_within};
pub use session::{ask_group_to_end, leave_terminal};
#[cfg(unix)]
pub use signals::{HeldSignals, are_signals_held, hold_signals, outlive_file_limit};
#[cfg(windows)]
pub use signals_windows::{HeldSignals, are_signals_held, hold_signals};
pub use system::system_id;
#[cfg(unix)]
pub use unix::*;
pub use unnamed::{create_unnamed, give_name};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;

/// Whether nobody is to be asked anything, whoever is there (`KEYCTL_NO_PROMPT`).
#[must_use]
pub fn is_asking_forbidden() -> bool {
    std::env::var_os("KEYCTL_NO_PROMPT").is_some_and(|value| !value.is_empty())
}

/// The one gate before every question.
fn may_ask() -> std::io::Result<()> {
    if is_asking_forbidden() { Err(std::io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
}

/// What waits on standard input that nobody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Nothing, and nothing can come.
    Nothing,
    /// Nothing yet; whoever holds the other end may still say something.
    MayCome,
    /// Something.
    Waits,
}

/// What may be wrong with who owns a file or folder and who else may change or read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, not states")]
pub struct Access {
    /// It belongs to another user than this process (root's own files count as ours to trust, see `by_root`).
    pub by_other: bool,
    /// It belongs to the system's administrator.
    pub by_root: bool,
    /// Other users may change it; a group that is the user's private one does not count.
    pub writable_by_others: bool,
    /// Other users may read it.
    pub readable_by_others: bool,
    /// It has further names (hard links).
    pub linked_elsewhere: bool,
    /// A shared folder where only owners may remove their own (the sticky bit, as on `/tmp`).
    pub sticky: bool,
    /// Which device (file system) it lies on.
    pub device: u64,
    /// Who owns it, as the system numbers users.
    pub owner: u32,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It ended by itself, with this exit code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// Where a command runs, as seen from the process that stays beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the same job of the shell's, on the same terminal.
    SameJob,
    /// On a terminal of its own, in a session whose head is the child.
    OtherTerminal,
    /// In a job of its own, on a terminal that this process gave it.
    JobOfOurs,
}

/// What is to become of a command that somebody stays beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It is asked to end (SIGTERM; on Windows it is ended).
    End,
    /// It is ended (SIGKILL).
    EndNow,
}

/// Who has something to do while a command runs; by default there is nothing.
pub trait Attendant {
    /// The command was stopped, and so is this process in a moment.
    fn stopping(&mut self) {}

    /// This process goes on after it was stopped, and so does the command.
    fn goes_on(&mut self) {}

    /// The terminal has another size.
    fn resized(&mut self) {}

    /// How long after a look the next one is due; none where there is nothing to look at.
    fn pause(&self) -> Option<std::time::Duration> {
        None
    }

    /// Looks whether there is something to do.
    fn look(&mut self) -> Option<Wish> {
        None
    }
}

/// Nobody who has anything to do.
impl Attendant for () {}

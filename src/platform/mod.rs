//! What differs between operating systems, one small file each; the rest of the program is the same everywhere.

mod beside;
#[cfg(unix)]
mod interpreter;
mod memory;
mod parents;
pub mod processes;
mod program;
#[cfg(unix)]
mod question;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod unix;
pub use beside::{Beside, beside, forget_access_list};
pub use memory::keep_from_swap;
pub use parents::{MOST_PARENTS, parents};
pub use program::{ProgramFile, is_script, way_to};
#[cfg(unix)]
pub use question::{read_line, read_line_within};
#[cfg(unix)]
pub use signals::{HeldSignals, hold_signals, outlive_file_limit};
#[cfg(unix)]
pub use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;

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

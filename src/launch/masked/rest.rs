//! What those print that outlive the command: what it left in the background, or a filter that is not done yet.
//!
//! Without masking they have the command's output and nobody waits for them but who reads it. So it is here: keyctl ends as the
//! command did, and another process of its own masks on until the last of them is gone, out of reach of the terminal's keys.
//! It is started only where somebody is left.

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    os::fd::{AsFd, OwnedFd},
    process::{Command, Stdio},
};

use zeroize::Zeroizing;

use super::{on_terminal::own_path, pump::Pump};
use crate::{
    mask::handed,
    platform::{self, pty},
};

/// The word by which keyctl is started for it.
const REST: &str = "mask-rest";

/// Hands a stream over to a process that stays.
///
/// # Errors
/// Where it cannot be started or does not listen.
pub fn hand_over(pump: Pump) -> io::Result<()> {
    let (state, mut say) = io::pipe()?;
    let written = handed::write(&pump.stream);
    let mut command = Command::new(own_path());
    command.arg(REST).env_clear().current_dir("/");
    // What it is to know comes by its errors, as it has nobody to tell any.
    command.stdin(pump.from).stdout(pump.output.to).stderr(Stdio::from(state));
    platform::start_command(&mut command, "keyctl".as_ref())?;
    // They are its own from here on: else nobody would be told when it is gone.
    drop(command);
    say.write_all(&(written.len() as u64).to_le_bytes())?;
    say.write_all(&written)
}

/// What that process does.
///
/// # Errors
/// Where it was not started so, or its output cannot be written.
pub fn mask_rest() -> io::Result<()> {
    // Nobody is to wait for this process who waits for a lock or the end of a pipe that the caller had open.
    platform::close_what_was_inherited();
    // Whatever this fails for, what is to be masked is masked.
    let _ = platform::leave_terminal();
    let own = |stream: &dyn AsFd| stream.as_fd().try_clone_to_owned();
    let mut state = File::from(own(&io::stderr())?);
    let mut length = [0; size_of::<u64>()];
    state.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_le_bytes(length)).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut written = Zeroizing::new(vec![0; length]);
    state.read_exact(&mut written)?;
    let stream = handed::read(&written).ok_or(io::ErrorKind::InvalidData)?;
    let (from, to): (OwnedFd, OwnedFd) = (own(&io::stdin())?, own(&io::stdout())?);
    if to.is_terminal() {
        // The user's terminal is put back by now, or soon.
        pty::add_no_returns(&from);
    }
    Pump::new(from, to, stream).run(None).map(drop)
}

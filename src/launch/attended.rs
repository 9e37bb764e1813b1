//! A command that keyctl stays beside, because something has to be done while it runs or after it: a file to remove, output
//! to mask, keys to look after.
//!
//! Nobody should notice. The command is started as it would be if keyctl became it, in the same process group, so that the
//! terminal's Ctrl-C and Ctrl-Z reach it as ever; keyctl lets both pass. Every other signal that it can hear is passed on
//! (`platform::hearing` says which, and what of SIGINT is not the terminal's); when the command stops, keyctl stops; and at
//! last keyctl ends just as the command did. Whoever asks keyctl to end before the command is started gets no command.
//!
//! A keyctl that is killed (SIGKILL) or crashes takes the command with it no more than a shell would: it goes on, without what was to be
//! done for it, and gets an end of file or SIGPIPE where keyctl held the other end. To have the system kill it too (as
//! `PR_SET_PDEATHSIG` does on Linux) would cut short what may be in the middle of a write.
//!
//! Unlike a process that becomes its command, this one keeps the memory in which std copied the variables for the launch.
//! Nobody may look at it (see `platform::harden`), and it is gone with the command.

use std::{
    io,
    process::{Child, Command, ExitCode},
};

use crate::{
    failure::{Failure, Kind, Result, reason},
    platform::{self, Attendant, Ears, Ended, Place},
};

use super::{
    environment::Environment,
    outcome::{Fault, Launched},
    program::Program,
};

/// Runs a program to its end, on the streams that keyctl has, and says how it ended. Whatever was there for it can be taken
/// away then; [`end_as`] comes last.
///
/// # Errors
/// `NotStarted` with `NotExecutable` when the system does not start it, and with `Disk` where nobody could stay beside it.
pub fn run(program: &Program, environment: &Environment<'_>, attendant: &mut dyn Attendant) -> Launched {
    run_with(program, environment, attendant, |_| Ok(()))
}

/// The same with other streams, which `set` gives it.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    program: &Program,
    environment: &Environment<'_>,
    attendant: &mut dyn Attendant,
    set: impl Fn(&mut Command) -> io::Result<()>,
) -> Launched {
    // Before it is started: a signal that comes between the two is for it.
    let mut ears = ears(Place::SameJob)?;
    if let Some(signal) = ears.asked_to_end() {
        return Err(Fault::CalledOff(signal));
    }
    let mut child = program.start(environment, set)?;
    attend(&mut ears, &mut child, program, attendant)
}

/// Begins to hear the signals that are for a command.
///
/// # Errors
/// `Disk` as the system has it.
pub fn ears(place: Place) -> Result<Ears> {
    Ears::open(place)
        .map_err(|error| Failure::new(Kind::Disk, format!("cannot stay beside a command: {}", reason(&error))))
}

/// Stays beside a program that was started until it ends.
///
/// # Errors
/// `Beside` where it cannot be waited for.
pub fn attend(ears: &mut Ears, child: &mut Child, program: &Program, attendant: &mut dyn Attendant) -> Launched {
    ears.attend(child, attendant).map_err(|error| {
        let what = format!("cannot wait for `{}`: {}", program.name(), reason(&error));
        Fault::Beside(Failure::new(Kind::Disk, what))
    })
}

/// Ends keyctl as the command ended: with its exit code, or by the signal that ended it, and then this does not return. So
/// whatever was there for the command has to be gone by now.
#[must_use]
pub fn end_as(ended: Ended) -> ExitCode {
    platform::end_as(ended)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::{launch::environment::Rules, platform::Wish};
    use std::time::Duration;

    fn ended(script: &str, attendant: &mut dyn Attendant) -> Ended {
        let words = ["sh", "-c", script].map(Into::into);
        let program = Program::find(&words, std::env::var_os("PATH").as_deref()).expect("sh");
        let environment = Environment::join(std::env::vars_os(), &[], Rules::default()).expect("fits");
        run(&program, &environment, attendant).expect("started")
    }

    #[test]
    fn how_a_command_ended_is_told_apart() {
        assert_eq!(ended("exit 7", &mut ()), Ended::Code(7));
        assert_eq!(ended("exit 300", &mut ()), Ended::Code(44));
        for (name, signal) in [("TERM", 15), ("KILL", 9), ("INT", 2), ("PIPE", 13)] {
            assert_eq!(ended(&format!("kill -{name} $$"), &mut ()), Ended::Signal(signal), "{name}");
        }
    }

    /// Asks at its second look, and insists from its fourth on.
    struct Impatient(u32);

    impl Attendant for Impatient {
        fn pause(&self) -> Option<Duration> {
            Some(Duration::from_millis(20))
        }

        fn look(&mut self) -> Option<Wish> {
            self.0 += 1;
            match self.0 {
                2 => Some(Wish::End),
                4.. => Some(Wish::EndNow),
                _ => None,
            }
        }
    }

    #[test]
    fn a_command_is_asked_to_end_and_then_is_ended() {
        assert_eq!(ended("exec sleep 60", &mut Impatient(0)), Ended::Signal(15));
        assert_eq!(ended("trap '' TERM; while :; do sleep 0.05; done", &mut Impatient(0)), Ended::Signal(9));
    }
}

//! A command whose output is masked on its way.
//!
//! Where it prints on a terminal, the command gets a terminal of its own (`on_terminal`), so that editors, pagers and shells are
//! what they were. Else it stays in its place, with the terminal that it had for keys and signals, which a pager behind it may
//! be using, and only what it prints takes another way: a pipe, and for errors the inner end of a terminal where these go to
//! one, so that they are still in colour.
//!
//! Whoever outlives the command has what it printed to as before (`rest`).
//!
//! What the command writes to `/dev/tty` itself, and to files, is not seen here.

#[cfg(unix)]
mod on_terminal;
#[cfg(unix)]
mod pump;
#[cfg(unix)]
mod rest;
#[cfg(unix)]
mod word;

#[cfg(unix)]
pub use on_terminal::{lead, wait_for_terminal};
#[cfg(unix)]
pub use rest::mask_rest;
#[cfg(unix)]
pub use word::say;

#[cfg(not(unix))]
mod nowhere {
    use std::sync::Arc;

    use crate::{
        failure::{Failure, Kind},
        launch::{environment::Environment, outcome::Launched, program::Program},
        mask::Masker,
        platform::Attendant,
    };

    /// Masking what a command prints as it comes waits for pipes with a deadline, which is not done here yet.
    ///
    /// # Errors
    /// `Usage`, always.
    pub fn run(_: &Program, _: &Environment<'_>, _: &Arc<Masker>, _: &mut dyn Attendant) -> Launched {
        let failure = Failure::new(Kind::Usage, "masking is not there on this system yet");
        Err(failure.hint("run it without `--mask`, or in WSL").into())
    }
}

#[cfg(not(unix))]
pub use nowhere::run;

#[cfg(unix)]
pub use in_place::run;

#[cfg(unix)]
mod in_place {
    use std::{
        io::{self, IsTerminal},
        os::fd::OwnedFd,
        process::Stdio,
        sync::Arc,
    };

    use super::{
        super::attended,
        on_terminal,
        pump::{Pumps, Sizes, failed},
    };
    use crate::{
        launch::{
            environment::Environment,
            outcome::{Fault, Launched},
            program::Program,
        },
        mask::Masker,
        platform::{Attendant, Place, Wish, pty},
    };

    /// Runs a program to its end, with what it prints masked, and says how it ended. All that it printed is out by then.
    ///
    /// # Errors
    /// As [`attended::run`]; `Beside` where its output cannot be written.
    pub fn run(
        program: &Program,
        environment: &Environment<'_>,
        masker: &Arc<Masker>,
        attendant: &mut dyn Attendant,
    ) -> Launched {
        let keys = on_terminal::users_terminal().ok().filter(|keys| pty::are_one(keys, &io::stdout()));
        if let Some(keys) = keys.filter(|_| io::stdout().is_terminal()) {
            return on_terminal::run(keys, program, environment, masker, attendant);
        }
        let mut ears = attended::ears(Place::SameJob)?;
        let mut pumps = Pumps::new(masker).map_err(|error| failed(program, &error))?;
        let (output, errors) = streams(&mut pumps).map_err(|error| failed(program, &error))?;
        if let Some(signal) = ears.asked_to_end() {
            return Err(Fault::CalledOff(signal));
        }
        let mut child = program.start(environment, |command| {
            command.stdout(Stdio::from(output.try_clone()?)).stderr(Stdio::from(errors.try_clone()?));
            Ok(())
        })?;
        // The command alone has them now: else there would be no end.
        drop((output, errors));
        let mut sized = Sized { sizes: pumps.take_sizes(), attendant };
        let ended = attended::attend(&mut ears, &mut child, program, &mut sized);
        let how = ended.as_ref().ok().copied();
        let done = pumps.finish(|| ears.asked_to_end_after(how));
        done.map_err(|error| Fault::Beside(failed(program, &error)))?;
        ended
    }

    /// What the command gets for its output and its errors. Where both go to one place, so do these, in their order.
    fn streams(pumps: &mut Pumps) -> io::Result<(OwnedFd, OwnedFd)> {
        let (output, errors) = (io::stdout(), io::stderr());
        let first = pumps.start_to(&output)?;
        let second = if pty::are_one(&output, &errors) { first.try_clone()? } else { pumps.start_to(&errors)? };
        Ok((first, second))
    }

    /// Keeps the terminals as large as the ones they stand for.
    struct Sized<'a> {
        sizes: Sizes,
        attendant: &'a mut dyn Attendant,
    }

    impl Attendant for Sized<'_> {
        fn stopping(&mut self) {
            self.attendant.stopping();
        }

        fn goes_on(&mut self) {
            self.attendant.goes_on();
        }

        fn resized(&mut self) {
            self.sizes.follow();
            self.attendant.resized();
        }

        fn pause(&self) -> Option<std::time::Duration> {
            self.attendant.pause()
        }

        fn look(&mut self) -> Option<Wish> {
            self.attendant.look()
        }
    }
}

//! A command whose output is masked on its way.
//!
//! Where it prints on a terminal, the command gets a terminal of its own (`on_terminal`), so that editors, pagers and shells are
//! what they were. Else it stays in its place, with the terminal that it had for keys and signals, which a pager behind it may
//! be using, and only what it prints takes another way: a pipe, and for errors the inner end of a terminal where these go to
//! one, so that they are still in colour.
//!
//! What the command writes to `/dev/tty` itself, and to files, is not seen here.

#[cfg(unix)]
mod on_terminal;
#[cfg(unix)]
mod pump;
#[cfg(unix)]
mod word;

#[cfg(unix)]
pub use on_terminal::{lead, wait_for_terminal};
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
        os::fd::{AsFd, OwnedFd},
        process::Stdio,
        sync::Arc,
    };

    use super::{
        super::attended,
        on_terminal,
        pump::{Pumps, failed},
    };
    use crate::{
        launch::{
            environment::Environment,
            outcome::{Fault, Launched},
            program::Program,
        },
        mask::Masker,
        platform::{
            self, Attendant, Place, Wish,
            pty::{self, Pty},
            pumping,
        },
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
        if io::stdout().is_terminal() && (io::stdin().is_terminal() || platform::controlling_terminal().is_ok()) {
            return on_terminal::run(program, environment, masker, attendant);
        }
        let mut ears = attended::ears(Place::SameJob)?;
        let mut pumps = Pumps::new(masker).map_err(|error| failed(program, &error))?;
        let mut terminals = Vec::new();
        let (output, errors) = streams(&mut pumps, &mut terminals).map_err(|error| failed(program, &error))?;
        if let Some(signal) = ears.asked_to_end() {
            return Err(Fault::CalledOff(signal));
        }
        let mut child = program.start(environment, |command| {
            command.stdout(Stdio::from(output.try_clone()?)).stderr(Stdio::from(errors.try_clone()?));
            Ok(())
        })?;
        // The command alone has them now: else there would be no end.
        drop((output, errors));
        let ended = attended::attend(&mut ears, &mut child, program, &mut Sized { terminals, attendant });
        pumps.finish().map_err(|error| Fault::Beside(failed(program, &error)))?;
        ended
    }

    /// What the command gets for its output and its errors. Where both go to one place, so do these, in their order.
    fn streams(pumps: &mut Pumps, terminals: &mut Vec<(OwnedFd, OwnedFd)>) -> io::Result<(OwnedFd, OwnedFd)> {
        let (output, errors) = (io::stdout(), io::stderr());
        let first = stream(&output, pumps, terminals)?;
        let second =
            if pumping::are_one(&output, &errors) { first.try_clone()? } else { stream(&errors, pumps, terminals)? };
        Ok((first, second))
    }

    fn stream(
        to: &(impl AsFd + IsTerminal),
        pumps: &mut Pumps,
        terminals: &mut Vec<(OwnedFd, OwnedFd)>,
    ) -> io::Result<OwnedFd> {
        let own = to.as_fd().try_clone_to_owned()?;
        if !to.is_terminal() {
            let (reader, writer) = pumping::wide_pipe()?;
            pumps.start(reader, own)?;
            return Ok(writer);
        }
        let Pty { outer, inner } = {
            let pty = Pty::like(to)?;
            pty.leave_output_alone()?;
            pty
        };
        terminals.push((own.try_clone()?, outer.try_clone()?));
        pumps.start(outer, own)?;
        Ok(inner)
    }

    /// Keeps the terminals as large as the ones they stand for.
    struct Sized<'a> {
        terminals: Vec<(OwnedFd, OwnedFd)>,
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
            self.terminals.iter().for_each(|(from, to)| pty::copy_size(from, to));
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

//! A rotator: a program the user names in his own configuration, which replaces a key outside. It gets the old secret
//! on its standard input and prints the new one.

use std::{
    io,
    process::Stdio,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result},
    name::KeyName,
    platform::processes,
    secret::Secret,
    subprocess::{End, Program, Stopped},
};

/// The variable that tells a rotator the key's name, with that of its store where it is another than the personal one.
const KEY: &str = "KEYCTL_KEY";
/// The variable that names the rotation, by which whatever a rotator started is known.
const ROTATION: &str = "KEYCTL_ROTATION";
/// What is true once a rotator was started and did not do its work.
const STAYS: &str = "the old secret stays in force; a new one may exist outside";

/// Why there is no new secret that can be relied on.
pub struct NotRotated {
    /// What went wrong.
    pub failure: Failure,
    /// All that the program had printed, as it came: the secret that is in force outside may be in it. Nothing where that is
    /// blank, or the old secret alone.
    pub printed: Option<Secret>,
    /// Its exit code, if it ended by itself.
    pub exit: Option<i32>,
}

/// A program as the settings name it, which was found and judged already where it matters which one it is.
pub struct Called<'c> {
    /// Its name, an absolute path or one to find on `PATH`, and its arguments.
    pub words: &'c [String],
    /// What was judged of it.
    pub judged: Option<Program>,
}

impl Called<'_> {
    /// The variables of the caller's that it is started without.
    #[must_use]
    pub fn left_out(&self) -> &[std::ffi::OsString] {
        self.judged.as_ref().map(Program::left_out).unwrap_or_default()
    }

    fn program(self, role: &'static str) -> Result<Program> {
        self.judged.map_or_else(|| Program::find(self.words, role), Ok)
    }
}

/// The processes in which a rotation's program is still at work, with their names; also where the keyctl that had started it is
/// gone. None where the system does not tell.
#[must_use]
pub fn at_work(number: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    processes::each("", &mut |carried| {
        if carried.variable == ROTATION && carried.value == number.as_bytes() {
            found.push((carried.process, carried.program.to_owned()));
        }
    });
    found
}

/// Lets a program replace the old secret, and gives the new one. It is stopped at the deadline, and as soon as `stop` is true. `hears` gets all that it has
/// printed so far as soon as there is more.
///
/// # Errors
/// `Usage` for a command that cannot be meant, `NotFound`, `NotExecutable`; `Remote` when it does not end well in time
/// or prints what cannot be a new secret. The old secret stays in force then, as far as keyctl is concerned.
pub fn rotate(
    called: Called,
    (key, number): (&KeyName, &str),
    old: &Secret,
    deadline: Duration,
    stop: &Arc<AtomicBool>,
    hears: &mut dyn FnMut(&[u8]),
) -> std::result::Result<Secret, Box<NotRotated>> {
    let not = |failure, printed, exit| Box::new(NotRotated { failure: stays(failure), printed, exit });
    let nothing = |failure| not(failure, None, None);
    let rotator = called.program("rotator").map_err(nothing)?;
    let rotator = rotator.variable(KEY, &key.to_string()).variable(ROTATION, number).stopped_by(stop);
    let Stopped { ended, mut output, end } = rotator.run_or_stop(copy(old), deadline, hears).map_err(nothing)?;
    let exit = ended.as_ref().ok().and_then(std::process::ExitStatus::code);
    let printed = Secret::new(std::mem::take(&mut *output));
    let mut new = Secret::new(printed.expose().to_vec());
    // A line that has not come to its end may be half a secret, whatever the exit code says.
    let is_whole = new.trim_line_ending() || end == End::Closed;
    let is_blank = printed.expose().trim_ascii().is_empty();
    let flaw = match new.expose_text() {
        _ if end == End::TooMuch => Some("printed more than 64 KiB"),
        _ if is_blank => Some("printed no new secret"),
        None => Some("printed what is no text"),
        Some(text) if text.contains(['\n', '\r']) => Some("printed more than one line"),
        Some(text) if text.chars().any(char::is_control) => Some("printed what is no text"),
        Some(_) if new.same_as(old) => Some("printed the old secret"),
        Some(_) if !is_whole => Some("printed a line that did not come to its end"),
        Some(_) => None,
    };
    let failure = match (ended.and_then(|status| rotator.judge(status)), flaw) {
        (Ok(()), None) => return Ok(new),
        (_, Some(flaw)) if end == End::TooMuch => rotator.failure(flaw),
        (Ok(()), Some(flaw)) => rotator.failure(flaw),
        (Err(failure), _) => failure,
    };
    let is_known = is_blank || new.same_as(old);
    Err(not(failure, (!is_known).then_some(printed), exit))
}

/// Lets a program try the new secret, which it gets on its standard input; it says with exit code 0 that it works. What
/// it prints goes to standard error. Gives that, with what failed as [`rotate`] has it, and its exit code if it ended by itself.
pub fn check(called: Called, key: &KeyName, new: &Secret, deadline: Duration) -> (Result<()>, Option<i32>) {
    let ended = called.program("check").and_then(|check| {
        let check = check.variable(KEY, &key.to_string());
        let ended = check.run(copy(new), Stdio::from(io::stderr()), deadline)?;
        Ok((check.judge(ended.status), ended.status.code()))
    });
    ended.unwrap_or_else(|failure| (Err(failure), None))
}

/// Lets the same program try a secret that is in use, and gives its exit code: 0 says that the secret works.
///
/// # Errors
/// As [`rotate`] has them where the program gave no answer: it cannot be started, is late or was killed.
pub fn answer(called: Called, key: &KeyName, secret: &Secret, deadline: Duration) -> Result<i32> {
    let check = called.program("check")?.variable(KEY, &key.to_string());
    let ended = check.run(copy(secret), Stdio::from(io::stderr()), deadline)?;
    ended.status.code().ok_or_else(|| check.failure("was killed"))
}

/// The secret for the program's standard input.
fn copy(secret: &Secret) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(secret.expose().to_vec())
}

/// Says what holds after a program that did run.
#[must_use]
pub fn stays(failure: Failure) -> Failure {
    if failure.kind == Kind::Remote { failure.hint(STAYS) } else { failure }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{os::unix::fs::PermissionsExt, process::Command, thread, time::Instant};

    const LONG: Duration = Duration::from_secs(30);

    fn name() -> KeyName {
        "stripe/test".parse().expect("a name")
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    fn called(words: &[String]) -> Called<'_> {
        Called { words, judged: None }
    }

    fn call(command: &[String], old: &Secret, deadline: Duration) -> std::result::Result<Secret, Box<NotRotated>> {
        rotate(called(command), (&name(), "1"), old, deadline, &Arc::default(), &mut |_| {})
    }

    fn rotated(script: &str, deadline: Duration) -> std::result::Result<String, String> {
        call(&sh(script), &secret("old-secret"), deadline)
            .map(|new| new.expose_text().expect("text").to_owned())
            .map_err(|not| {
                assert_eq!(not.failure.kind, Kind::Remote);
                not.failure.message
            })
    }

    #[test]
    fn a_rotator_reads_the_old_secret_and_prints_the_new_one() {
        assert_eq!(
            rotated("old=$(cat); echo \"new-of-$old-for-$KEYCTL_KEY\"", LONG).as_deref(),
            Ok("new-of-old-secret-for-stripe/test")
        );
        assert_eq!(rotated("cat >/dev/null; printf 'new\\r\\n'", LONG).as_deref(), Ok("new"));
        assert_eq!(rotated("printf 'two words'", LONG).as_deref(), Ok("two words"));
    }

    #[test]
    fn the_old_secret_is_in_no_argument_and_no_variable() {
        // The two halves keep the words out of the script, which is an argument itself.
        let script = "cat >/dev/null; env | grep -q old-\"\"secret && exit 1; ps -p $$ -o args= | grep -q old-\"\"secret && exit 2; echo new";
        assert_eq!(rotated(script, LONG).as_deref(), Ok("new"));
    }

    #[test]
    fn each_way_to_end_badly_is_told_apart() {
        for (script, said) in [
            ("echo new; exit 7", "the rotator `sh` ended with exit code 7"),
            ("echo new; kill -9 $$", "the rotator `sh` was killed by signal 9"),
            ("true", "the rotator `sh` printed no new secret"),
            ("echo", "the rotator `sh` printed no new secret"),
            ("echo '  '", "the rotator `sh` printed no new secret"),
            ("cat", "the rotator `sh` printed the old secret"),
            ("cat; echo", "the rotator `sh` printed the old secret"),
            ("echo one; echo two", "the rotator `sh` printed more than one line"),
            ("printf 'new\\n\\n'", "the rotator `sh` printed more than one line"),
            ("printf 'a\\377b'", "the rotator `sh` printed what is no text"),
            ("printf 'a\\000b'", "the rotator `sh` printed what is no text"),
            ("printf 'a\\033[31mb'", "the rotator `sh` printed what is no text"),
            ("head -c 65537 /dev/zero | tr '\\000' x", "the rotator `sh` printed more than 64 KiB"),
            ("yes", "the rotator `sh` printed more than 64 KiB"),
        ] {
            assert_eq!(rotated(script, LONG), Err(said.to_owned()), "{script}");
        }
        assert_eq!(rotated("head -c 65535 /dev/zero | tr '\\000' x; echo", LONG).map(|new| new.len()), Ok(65_535));
    }

    #[test]
    fn what_was_printed_is_given_back_as_it_came_whatever_was_wrong_with_it() {
        let printed = |script: &str, deadline| {
            let not = call(&sh(script), &secret("old"), deadline).err().expect("it ends badly");
            not.printed.map(|new| new.expose().to_vec())
        };
        for (script, kept) in [
            ("echo new; exit 7", &b"new\n"[..]),
            ("echo new; kill -9 $$", b"new\n"),
            ("printf ne; exit 7", b"ne"),
            ("echo one; echo two", b"one\ntwo\n"),
            ("printf 'new\\n\\n'", b"new\n\n"),
            ("printf 'new\\t\\n'", b"new\t\n"),
            ("printf '\\033[32mnew\\033[0m'", b"\x1b[32mnew\x1b[0m"),
            ("printf 'a\\377b'", b"a\xffb"),
        ] {
            assert_eq!(printed(script, LONG).as_deref(), Some(kept), "{script}");
        }
        assert_eq!(printed("echo new; sleep 60", Duration::from_millis(700)).as_deref(), Some(&b"new\n"[..]));
        assert_eq!(printed("yes", LONG).map(|kept| kept.len()), Some(65_536));
        for script in ["exit 7", "cat; echo; exit 7", "echo; exit 7", "cat"] {
            assert_eq!(printed(script, LONG), None, "{script}");
        }
    }

    #[test]
    fn what_is_printed_is_heard_of_before_the_program_has_ended() {
        let folder = tempfile::tempdir().expect("folder");
        let mark = folder.path().join("heard");
        // It ends only when its first half was heard of.
        let script = format!("printf ne; until [ -e '{}' ]; do sleep 0.05; done; echo w", mark.display());
        let mut hears = |printed: &[u8]| {
            assert!(b"new\n".starts_with(printed));
            std::fs::write(&mark, "").expect("write");
        };
        let ended = rotate(called(&sh(&script)), (&name(), "1"), &secret("old"), LONG, &Arc::default(), &mut hears);
        assert!(ended.is_ok_and(|new| new.expose() == b"new"));
    }

    #[test]
    fn half_a_line_is_not_taken_while_something_can_still_print_the_rest() {
        assert_eq!(rotated("(printf one-; sleep 1.5; echo two)& exit 0", LONG).as_deref(), Ok("one-two"));
        assert_eq!(rotated("(sleep 1.5; echo late)& exit 0", LONG).as_deref(), Ok("late"));
        assert_eq!(
            rotated("printf half; sleep 20 & exit 0", Duration::from_millis(1500)),
            Err("the rotator `sh` printed a line that did not come to its end".into())
        );
    }

    #[test]
    fn a_rotator_that_is_missing_relative_or_not_executable_is_never_started() {
        let folder = tempfile::tempdir().expect("folder");
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "#!/bin/sh\necho new\n").expect("write");
        let said = |command: &str| {
            let ended = call(&[command.to_owned()], &secret("old"), LONG);
            ended.map(drop).map_err(|not| (not.failure.kind, not.failure.message))
        };
        let plain = plain.to_str().expect("text");
        assert_eq!(said(plain), Err((Kind::NotExecutable, format!("the rotator `{plain}` is not executable"))));
        assert_eq!(said("/nowhere/at-all"), Err((Kind::NotFound, "the rotator `/nowhere/at-all` is not found".into())));
        assert_eq!(said("no-such-rotator"), Err((Kind::NotFound, "the rotator `no-such-rotator` is not found".into())));
        for relative in ["./plain", "bin/plain", "..", "."] {
            assert_eq!(said(relative), Err((Kind::Usage, format!("the rotator `{relative}` is a relative path"))));
        }
        assert_eq!(said(""), Err((Kind::Usage, "the rotator names no program".into())));
        std::fs::set_permissions(plain, std::fs::Permissions::from_mode(0o755)).expect("set");
        assert_eq!(said(plain), Ok(()));
        std::fs::write(plain, "#!/nowhere/interpreter\n").expect("write");
        let (kind, message) = said(plain).expect_err("no interpreter");
        assert_eq!(kind, Kind::NotFound);
        assert!(message.starts_with("cannot start the rotator"), "{message}");
    }

    #[test]
    fn at_the_deadline_the_whole_group_is_killed() {
        let folder = tempfile::tempdir().expect("folder");
        let mark = folder.path().join("child");
        let script = format!("sleep 60 & echo $! >'{}'; trap '' TERM HUP; wait; sleep 60", mark.display());
        let begun = Instant::now();
        let said = rotated(&script, Duration::from_millis(700));
        assert_eq!(said, Err("the rotator `sh` did not end within 0.7 seconds and was stopped".into()));
        assert!(begun.elapsed() < Duration::from_secs(10));
        let child = std::fs::read_to_string(&mark).expect("it ran").trim().to_owned();
        // Its new parent may take a moment to clear it away.
        let gone = |_: &i32| {
            thread::sleep(Duration::from_millis(50));
            let state = Command::new("ps").args(["-o", "stat=", "-p", &child]).output().expect("ps");
            state.stdout.trim_ascii().is_empty() || state.stdout.starts_with(b"Z")
        };
        assert!((0..100).any(|turn| gone(&turn)), "{child} is still there");
    }

    #[test]
    fn who_says_stop_has_it_stopped_at_once_and_gets_what_it_printed() {
        let (begun, stop) = (Instant::now(), Arc::new(AtomicBool::new(false)));
        let later = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            thread::sleep(Duration::from_millis(700));
            later.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        let not = rotate(called(&sh("echo new; sleep 60")), (&name(), "1"), &secret("old"), LONG, &stop, &mut |_| {})
            .err()
            .expect("stopped");
        thread.join().expect("ended");
        assert_eq!(not.failure.message, "the rotator `sh` was stopped");
        assert!(not.printed.is_some_and(|new| new.expose() == b"new\n") && begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipes_open_holds_nothing_up() {
        let begun = Instant::now();
        assert_eq!(rotated("sleep 20 & echo new", LONG).as_deref(), Ok("new"));
        assert!(begun.elapsed() < Duration::from_secs(10));
        // Nor does it make a program late that ended in time.
        assert_eq!(rotated("sleep 20 & echo new", Duration::from_millis(800)).as_deref(), Ok("new"));
    }

    #[test]
    fn a_secret_larger_than_a_pipe_reaches_who_reads_and_does_not_block_who_does_not() {
        let large = secret(&"x".repeat(300_000));
        let ended = call(&sh("wc -c | tr -d ' '"), &large, LONG).map_err(|not| not.failure.message);
        assert!(ended.is_ok_and(|new| new.expose() == b"300000"));
        let ended = call(&sh("exec <&-; echo new"), &large, LONG).map_err(|not| not.failure.message);
        assert!(ended.is_ok_and(|new| new.expose() == b"new"));
    }

    #[test]
    fn a_check_says_with_its_exit_code_whether_the_new_secret_works() {
        let said = |script: &str, deadline| {
            check(called(&sh(script)), &name(), &secret("new"), deadline).0.map_err(|failure| failure.message)
        };
        assert_eq!(said("test \"$(cat)\" = new", LONG), Ok(()));
        assert_eq!(said("test \"$(cat)\" = other", LONG), Err("the check `sh` ended with exit code 1".into()));
        assert_eq!(
            said("sleep 60", Duration::from_millis(300)),
            Err("the check `sh` did not end within 0.3 seconds and was stopped".into())
        );
    }
}

//! A rotator: a program the user names in his own configuration, which replaces a key outside. It gets the old secret
//! on its standard input and prints the new one. It runs in a process group of its own, without a shell, up to a
//! deadline; so it cannot ask on the terminal, and a Ctrl-C does not reach it.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use crate::{
    failure::{Failure, Kind, Result, reason},
    name::KeyName,
    platform,
    secret::Secret,
};

/// The most bytes a rotator may print: 64 KiB.
pub const LARGEST: usize = 64 * 1024;
/// The variable that tells a rotator the key's name.
const KEY: &str = "KEYCTL_KEY";
/// How often a running program is looked after.
const TICK: Duration = Duration::from_millis(10);
/// After the program has ended its output is complete when nothing came for this long; something it started may hold
/// the pipe open for ever.
const QUIET: Duration = Duration::from_secs(1);

/// What ended, and what it printed.
struct Ended {
    status: ExitStatus,
    output: Zeroizing<Vec<u8>>,
}

/// Lets a program replace the old secret, and gives the new one. `command` is its name, an absolute path or one to find
/// on `PATH`, and its arguments.
///
/// # Errors
/// `Usage` for a command that cannot be meant, `NotFound`, `NotExecutable`; `Remote` when it does not end well in time
/// or prints what cannot be a new secret. The old secret stays in force then, as far as keyctl is concerned.
pub fn rotate(command: &[String], key: &KeyName, old: &Secret, deadline: Duration) -> Result<Secret> {
    let called = Called::find(command, "rotator")?;
    let ended = called.run(key, old, Stdio::piped(), deadline)?;
    called.judge(ended.status)?;
    let refused =
        |what: &str| Err(called.failure(what).hint("the old secret stays in force; a new one may exist outside"));
    let mut output = ended.output;
    let mut new = Secret::new(std::mem::take(&mut *output));
    new.trim_line_ending();
    match new.expose_text() {
        None => refused("printed what is no text"),
        Some(text) if text.trim().is_empty() => refused("printed no new secret"),
        Some(text) if text.contains(['\n', '\r']) => refused("printed more than one line"),
        Some(text) if text.chars().any(char::is_control) => refused("printed what is no text"),
        Some(_) if new.same_as(old) => refused("printed the old secret"),
        Some(_) => Ok(new),
    }
}

/// Lets a program try the new secret, which it gets on its standard input; it says with exit code 0 that it works. What
/// it prints goes to standard error.
///
/// # Errors
/// As [`rotate`] has them.
pub fn check(command: &[String], key: &KeyName, new: &Secret, deadline: Duration) -> Result<()> {
    let called = Called::find(command, "check")?;
    let ended = called.run(key, new, Stdio::from(io::stderr()), deadline)?;
    called.judge(ended.status)
}

/// A program that was found, and what messages call it.
struct Called<'c> {
    path: PathBuf,
    name: &'c str,
    arguments: &'c [String],
    role: &'static str,
}

impl<'c> Called<'c> {
    fn find(command: &'c [String], role: &'static str) -> Result<Self> {
        let usage = |what: &str| {
            Failure::new(Kind::Usage, format!("the {role} {what}"))
                .hint("name a program by its absolute path, or one on `PATH`, in `config.toml`")
        };
        let Some((name, arguments)) = command.split_first().filter(|(name, _)| !name.is_empty()) else {
            return Err(usage("names no program"));
        };
        let path = Path::new(name);
        // A relative path would mean another program in every folder that someone else filled.
        let candidates: Vec<PathBuf> = if path.is_absolute() {
            vec![path.to_owned()]
        } else if path.components().count() > 1 || name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(usage(&format!("`{name}` is a relative path")));
        } else {
            let folders = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/local/bin:/usr/bin:/bin"));
            std::env::split_paths(&folders)
                .filter(|folder| folder.is_absolute())
                .flat_map(|folder| {
                    platform::program_names(name.as_ref()).into_iter().map(move |name| folder.join(name))
                })
                .collect()
        };
        if let Some(path) = candidates.iter().find(|path| path.is_file() && platform::is_executable(path)) {
            return Ok(Self { path: path.clone(), name, arguments, role });
        }
        if candidates.iter().any(|path| path.exists()) {
            return Err(Failure::new(Kind::NotExecutable, format!("the {role} `{name}` is not executable")));
        }
        Err(Failure::new(Kind::NotFound, format!("the {role} `{name}` is not found"))
            .hint("name a program by its absolute path, or one on `PATH`, in `config.toml`"))
    }

    fn failure(&self, what: &str) -> Failure {
        Failure::new(Kind::Remote, format!("the {} `{}` {what}", self.role, self.name))
    }

    fn run(&self, key: &KeyName, input: &Secret, output: Stdio, deadline: Duration) -> Result<Ended> {
        let mut command = Command::new(&self.path);
        command.args(self.arguments).env(KEY, key.as_str());
        command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::inherit());
        platform::lead_group(&mut command);
        let mut child = command.spawn().map_err(|error| {
            let kind = if error.kind() == io::ErrorKind::NotFound { Kind::NotFound } else { Kind::NotExecutable };
            Failure::new(kind, format!("cannot start the {} `{}`: {}", self.role, self.name, reason(&error)))
        })?;
        feed(&mut child, input);
        let printed = listen(&mut child);
        self.wait(child, &printed, deadline)
    }

    /// Collects what is printed until the program has ended.
    fn wait(&self, mut child: Child, printed: &Receiver<Zeroizing<Vec<u8>>>, deadline: Duration) -> Result<Ended> {
        let begun = Instant::now();
        // All the room from the start: a vector that grows leaves what it held behind.
        let mut output = Zeroizing::new(Vec::with_capacity(LARGEST));
        let (mut status, mut closed, mut quiet_since) = (None, false, Instant::now());
        loop {
            if closed {
                thread::sleep(TICK);
            } else {
                match printed.recv_timeout(TICK) {
                    Ok(part) if output.len() + part.len() > LARGEST => {
                        stop(&mut child, status.is_some());
                        return Err(self.failure("printed more than 64 KiB"));
                    }
                    Ok(part) => {
                        output.extend_from_slice(&part);
                        quiet_since = Instant::now();
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => closed = true,
                }
            }
            if status.is_none() {
                status = child
                    .try_wait()
                    .map_err(|error| self.failure(&format!("cannot be waited for: {}", reason(&error))))?;
                if status.is_some() {
                    quiet_since = Instant::now();
                }
            }
            // What ended in time has done its work, even where something else still holds the pipe at the deadline.
            let late = begun.elapsed() >= deadline;
            if let Some(status) = status.filter(|_| closed || late || quiet_since.elapsed() >= QUIET) {
                return Ok(Ended { status, output });
            }
            if late {
                stop(&mut child, false);
                return Err(self
                    .failure(&format!("did not end within {} seconds and was stopped", deadline.as_secs_f32()))
                    .hint("the old secret stays in force; a new one may exist outside"));
            }
        }
    }

    fn judge(&self, status: ExitStatus) -> Result<()> {
        match (status.code(), platform::signal_of(status)) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(self.failure(&format!("ended with exit code {code}"))),
            (None, Some(signal)) => Err(self.failure(&format!("was killed by signal {signal}"))),
            (None, None) => Err(self.failure("did not end well")),
        }
    }
}

/// Writes the secret to the program from a thread of its own, since it may not read. That it closed its input early is
/// its own affair.
fn feed(child: &mut Child, secret: &Secret) {
    if let Some(mut input) = child.stdin.take() {
        let copy = Zeroizing::new(secret.expose().to_vec());
        thread::spawn(move || drop(input.write_all(&copy)));
    }
}

/// Reads what the program prints from a thread of its own, since something else may keep the pipe open.
fn listen(child: &mut Child) -> Receiver<Zeroizing<Vec<u8>>> {
    let (send, printed) = channel();
    if let Some(mut output) = child.stdout.take() {
        thread::spawn(move || {
            let mut room = Zeroizing::new(vec![0; 8 * 1024]);
            loop {
                match output.read(&mut room) {
                    Ok(0) => return,
                    Ok(count) if send.send(Zeroizing::new(room[..count].to_vec())).is_err() => return,
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => return,
                }
            }
        });
    }
    printed
}

/// Ends the program and its group. Once it was waited for, its number may be another's, so then nothing is killed.
fn stop(child: &mut Child, ended: bool) {
    if !ended {
        platform::kill_group(child);
        let _ = child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

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

    fn rotated(script: &str, deadline: Duration) -> std::result::Result<String, String> {
        rotate(&sh(script), &name(), &secret("old-secret"), deadline)
            .map(|new| new.expose_text().expect("text").to_owned())
            .map_err(|failure| {
                assert_eq!(failure.kind, Kind::Remote);
                failure.message
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
    fn a_rotator_that_is_missing_relative_or_not_executable_is_never_started() {
        let folder = tempfile::tempdir().expect("folder");
        let plain = folder.path().join("plain");
        std::fs::write(&plain, "#!/bin/sh\necho new\n").expect("write");
        let said = |command: &str| {
            let ended = rotate(&[command.to_owned()], &name(), &secret("old"), LONG);
            ended.map(drop).map_err(|failure| (failure.kind, failure.message))
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
        let ended = rotate(&sh("wc -c | tr -d ' '"), &name(), &large, LONG).map_err(|failure| failure.message);
        assert!(ended.is_ok_and(|new| new.expose() == b"300000"));
        let ended = rotate(&sh("exec <&-; echo new"), &name(), &large, LONG).map_err(|failure| failure.message);
        assert!(ended.is_ok_and(|new| new.expose() == b"new"));
    }

    #[test]
    fn a_check_says_with_its_exit_code_whether_the_new_secret_works() {
        let said = |script: &str, deadline| {
            check(&sh(script), &name(), &secret("new"), deadline).map_err(|failure| failure.message)
        };
        assert_eq!(said("test \"$(cat)\" = new", LONG), Ok(()));
        assert_eq!(said("test \"$(cat)\" = other", LONG), Err("the check `sh` ended with exit code 1".into()));
        assert_eq!(
            said("sleep 60", Duration::from_millis(300)),
            Err("the check `sh` did not end within 0.3 seconds and was stopped".into())
        );
    }
}

//! The timer, with systemd's own user manager.

use std::{
    fs,
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use keyctl::{
    date::Moment,
    reminder::timer::{self, Call, Runs, State},
};
use serde_json::json;

use crate::session::{Running, Session, said, signal, within};

/// A folder name with what systemd reads as something else: spaces, specifiers, variables.
const ODD: &str = "a b %h $HOME ${HOME} $$ ключ;#";

impl Session {
    fn units(&self) -> PathBuf {
        self.path().join("config/systemd/user")
    }

    /// A command of this session on a system that systemd runs.
    fn booted(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.command(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/user-manager"));
        command.arg(program);
        command
    }

    /// Starts the manager, and as sessions have it, the bus from there; gives the manager's process number.
    fn start_manager(&mut self) -> String {
        let mut manager = self.command(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/user-manager"));
        manager.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut manager = Running::start(&mut manager);
        let number = manager.line();
        assert!(!number.is_empty(), "it needs root, or a system that systemd runs");
        self.running.push(manager);
        within(Duration::from_secs(20), "no user manager: it needs root, or a system that systemd runs", || {
            (self.systemctl(&["is-active", "timers.target"]) == "active").then_some(())
        });
        self.systemctl(&["start", "dbus.socket"]);
        within(Duration::from_secs(10), "the manager is not on the bus", || {
            self.owned("org.freedesktop.systemd1").then_some(())
        });
        number
    }

    fn systemctl(&self, arguments: &[&str]) -> String {
        let output = self.booted("systemctl").arg("--user").args(arguments).output().expect("systemctl");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Calls the library in a process that has this session's environment; gives `Ok(…)` or `Err(…)` as Debug has it.
    fn timer(&self, act: &str, call: &Call) -> String {
        let mut command = self.booted(std::env::current_exe().expect("this test"));
        command.args(["--exact", "--ignored", "timing::timer_call"]);
        command.env("REMINDING", json!([act, call.program, call.arguments, call.home]).to_string());
        said(&mut command).and_then(|text| text.as_str().map(str::to_owned)).expect("text")
    }

    /// A program of this name that writes down how it was called.
    fn program(&self, name: &str) -> Call {
        let folder = self.path().join(name);
        fs::create_dir(&folder).expect("folder");
        let program = folder.join("keyctl");
        let script = "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\" \"$KEYCTL_HOME\" \"$DBUS_SESSION_BUS_ADDRESS\" \"$(umask)\" >\"${0%/*}/called.new\"\nmv \"${0%/*}/called.new\" \"${0%/*}/called\"\n";
        fs::write(&program, script).expect("write");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
        Call { program, arguments: vec!["remind".into(), "now".into()], home: None }
    }
}

#[test]
#[ignore = "a part of other tests, in an environment of its own"]
fn timer_call() {
    let text = std::env::var("REMINDING").expect("a call");
    let (act, program, arguments, home): (String, PathBuf, Vec<String>, Option<PathBuf>) =
        serde_json::from_str(&text).expect("JSON");
    let call = Call { program, arguments, home };
    let ended = match act.as_str() {
        "install" => format!("{:?}", timer::install(&call).map_err(|failure| failure.message)),
        "uninstall" => format!("{:?}", timer::uninstall().map_err(|failure| failure.message)),
        _ => format!("{:?}", timer::status().map_err(|failure| failure.message)),
    };
    writeln!(std::io::stdout(), "said: {}", json!(ended)).expect("write");
}

const INSTALLED: &str = "Ok(Installed { changed: true, remains: None })";
const AS_IT_WAS: &str = "Ok(Installed { changed: false, remains: None })";

fn present(call: &Call, callable: bool, runs: Runs) -> String {
    let (program, home) = (call.program.clone(), call.home.clone());
    let state: Result<State, String> = Ok(State::Present { program, home, callable, runs });
    format!("{state:?}")
}

/// Splits `Waiting(Some(moment))` off a status and gives the moment.
#[track_caller]
fn waiting(status: &str, call: &Call) -> Moment {
    let text = status.split("Some(Moment(").nth(1).unwrap_or_else(|| panic!("{status}"));
    let moment: Moment = text.split(')').next().expect("closed").parse().unwrap_or_else(|_| panic!("{status}"));
    assert_eq!(status, present(call, true, Runs::Waiting(Some(moment))));
    moment
}

#[test]
fn the_timer_waits_for_tomorrow_and_calls_what_it_was_told() {
    let mut session = Session::bare();
    session.start_manager();
    let mut call = session.program(ODD);
    call.home = Some(session.path().join("it's \"mine\" \\ %h $HOME"));
    assert_eq!(session.timer("status", &call), "Ok(Absent)");
    assert_eq!(session.timer("install", &call), INSTALLED);
    let next = waiting(&session.timer("status", &call), &call).seconds();
    let (now, of_day) = (Moment::now().seconds(), next % 86_400);
    assert!(next >= now && next <= now + 86_400 + 1_800, "{next}");
    assert!((36_000..=37_860).contains(&of_day), "{of_day} is not between 10:00 and 10:31");
    assert_eq!(session.systemctl(&["is-enabled", "keyctl-remind.timer"]), "enabled");
    assert_eq!(session.timer("install", &call), AS_IT_WAS);
    session.systemctl(&["start", "keyctl-remind.service"]);
    let mark = call.program.with_file_name("called");
    let called = within(Duration::from_secs(10), "it was not called", || fs::read_to_string(&mark).ok());
    let home = call.home.as_ref().expect("set").display();
    assert_eq!(called, format!("{}\nremind\nnow\n{home}\n{}\n0077\n", call.program.display(), session.address));
    assert_eq!(session.timer("uninstall", &call), "Ok(Uninstalled { removed: true, remains: None })");
    assert_eq!(fs::read_dir(session.units()).expect("folder").count(), 0);
    // The manager lets go of a unit that is gone in its own time.
    let timers = || session.systemctl(&["list-timers", "--all", "--no-legend", "keyctl*"]);
    within(Duration::from_secs(10), "the timer is still listed", || timers().is_empty().then_some(()));
    assert_eq!(session.timer("status", &call), "Ok(Absent)");
    assert_eq!(session.timer("uninstall", &call), "Ok(Uninstalled { removed: false, remains: None })");
}

#[test]
fn what_was_changed_meanwhile_is_said_and_another_installation_puts_it_right() {
    let mut session = Session::bare();
    session.start_manager();
    let (one, other) = (session.program("one"), session.program("other"));
    assert_eq!(session.timer("install", &one), INSTALLED);
    session.systemctl(&["disable", "--now", "keyctl-remind.timer"]);
    assert_eq!(session.timer("status", &one), present(&one, true, Runs::Off));
    assert_eq!(session.timer("install", &one), INSTALLED);
    session.systemctl(&["stop", "keyctl-remind.timer"]);
    assert_eq!(session.timer("status", &one), present(&one, true, Runs::Off));
    assert_eq!(session.timer("install", &one), AS_IT_WAS);
    waiting(&session.timer("status", &one), &one);
    // Another binary takes over; then it goes away.
    assert_eq!(session.timer("install", &other), INSTALLED);
    waiting(&session.timer("status", &one), &other);
    session.systemctl(&["start", "keyctl-remind.service"]);
    let mark = other.program.with_file_name("called");
    within(Duration::from_secs(10), "the manager still calls the first", || mark.exists().then_some(()));
    fs::remove_file(&other.program).expect("remove");
    assert!(session.timer("status", &one).contains("callable: false"));
    fs::remove_file(session.units().join("keyctl-remind.service")).expect("remove");
    let path = session.units().join("keyctl-remind.service");
    assert_eq!(session.timer("status", &one), format!("Ok(Incomplete({path:?}))"));
    assert_eq!(session.timer("install", &one), INSTALLED);
    waiting(&session.timer("status", &one), &one);
}

#[test]
fn a_call_that_failed_is_tried_again_later() {
    let mut session = Session::bare();
    session.start_manager();
    let call = session.program("program");
    fs::write(&call.program, "#!/bin/sh\nexit 4\n").expect("write");
    assert_eq!(session.timer("install", &call), INSTALLED);
    session.systemctl(&["start", "keyctl-remind.service"]);
    within(Duration::from_secs(10), "it is not tried again", || {
        let state = session.systemctl(&["show", "--property=SubState,ExecMainStatus", "keyctl-remind.service"]);
        (state == "ExecMainStatus=4\nSubState=auto-restart").then_some(())
    });
    // That is nothing the timer would stop for.
    waiting(&session.timer("status", &call), &call);
    assert_eq!(session.timer("uninstall", &call), "Ok(Uninstalled { removed: true, remains: None })");
    within(Duration::from_secs(10), "it is still tried again", || {
        let state = session.systemctl(&["show", "--property=SubState", "keyctl-remind.service"]);
        (state == "SubState=dead" || state == "SubState=failed").then_some(())
    });
}

#[test]
fn without_a_manager_the_timer_begins_with_the_next_login() {
    let mut session = Session::bare();
    let call = session.program("program");
    assert_eq!(
        session.timer("install", &call),
        "Ok(Installed { changed: true, remains: Some(\"it begins when you next log in: your systemd cannot be reached now\") })"
    );
    assert_eq!(session.timer("status", &call), present(&call, true, Runs::AtLogin));
    session.start_manager();
    waiting(&session.timer("status", &call), &call);
    assert_eq!(session.timer("install", &call), AS_IT_WAS);
}

#[test]
fn a_manager_that_does_not_answer_is_left_at_the_deadline_with_what_to_do() {
    let mut session = Session::bare();
    let manager = session.start_manager();
    let call = session.program("program");
    let begun = Instant::now();
    signal(&manager, "STOP");
    let said = session.timer("install", &call);
    assert_eq!(
        said,
        "Ok(Installed { changed: true, remains: Some(\"your systemd did not answer in time, so start it: \
         `systemctl --user daemon-reload && systemctl --user restart keyctl-remind.timer`\") })"
    );
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[test]
fn what_somebody_else_wrote_is_never_touched() {
    let session = Session::bare();
    let call = session.program("program");
    fs::create_dir_all(session.units()).expect("folder");
    let (service, timer) = (session.units().join("keyctl-remind.service"), session.units().join("keyctl-remind.timer"));
    let refused = |path: &Path| format!("Err(\"`{}` was not written by keyctl\")", path.display());
    fs::write(&timer, "[Timer]\nOnCalendar=hourly\n").expect("write");
    assert_eq!(session.timer("install", &call), refused(&timer));
    assert_eq!(session.timer("uninstall", &call), refused(&timer));
    assert_eq!(session.timer("status", &call), format!("Ok(Foreign({timer:?}))"));
    assert_eq!(fs::read_to_string(&timer).expect("there"), "[Timer]\nOnCalendar=hourly\n");
    assert!(!service.exists(), "half an installation");
    fs::remove_file(&timer).expect("remove");
    // `systemctl --user mask`.
    symlink("/dev/null", &service).expect("link");
    assert_eq!(session.timer("install", &call), refused(&service));
    assert_eq!(session.timer("status", &call), format!("Ok(Foreign({service:?}))"));
    assert_eq!(fs::read_dir(session.units()).expect("folder").count(), 1);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let session = Session::bare();
    let mut call = session.program(ODD);
    call.home = Some(session.path().join("it's \"mine\" \\ %h $HOME"));
    session.timer("install", &call);
    for unit in ["keyctl-remind.service", "keyctl-remind.timer"] {
        let mut verify = session.booted("systemd-analyze");
        let output = verify.args(["--user", "verify"]).arg(session.units().join(unit)).output().expect("start");
        assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.code()), ("", Some(0)));
    }
    let path = session.units().join("keyctl-remind.service");
    fs::write(&path, fs::read_to_string(&path).expect("there").replace("UMask", "Umask")).expect("write");
    let output = session.booted("systemd-analyze").args(["--user", "verify"]).arg(path).output().expect("start");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Umask"), "it would find a wrong name");
}

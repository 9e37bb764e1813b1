//! What macOS and Windows are told, read by independent readers; their programs are played by scripts that write down
//! what they were called with.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use keyctl::reminder::timer::{
    Call, Installed, Runs, State, Uninstalled,
    launchd::{self, Launchd},
    task_scheduler::{self, TaskScheduler},
};
use serde_json::{Value, json};

const ODD: &str = "/opt/a b/<&>\"' ключ/]]>--/keyctl";

fn call(program: &str, home: Option<&str>) -> Call {
    Call { program: program.into(), arguments: vec!["remind".into(), "now".into()], home: home.map(PathBuf::from) }
}

/// What Python's standard library reads from a file.
fn python(script: &str, file: &Path) -> Value {
    let mut python = Command::new("python3");
    let output = python.args(["-c", script]).arg(file).stdin(Stdio::null()).output().expect("python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A program that writes its arguments into `calls` beside it, and fails for those that begin as a line of `refused`.
fn recorder(path: &Path) {
    let script = "#!/bin/sh\nhere=${0%/*}\nprintf '%s\\n' \"$*\" >>\"$here/calls\"\n\
                  while read -r refused; do case \"$*\" in \"$refused\"*) exit 5 ;; esac; done <\"$here/refused\"\n";
    let folder = path.parent().expect("folder");
    fs::create_dir_all(folder).expect("folder");
    fs::write(folder.join("refused"), "").expect("write");
    fs::write(path, script).expect("write");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

fn calls(folder: &Path) -> Vec<String> {
    let calls = fs::read_to_string(folder.join("calls")).unwrap_or_default();
    let _ = fs::remove_file(folder.join("calls"));
    calls.lines().map(str::to_owned).collect()
}

fn installed(changed: bool) -> Installed {
    Installed { changed, remains: None }
}

#[test]
fn a_mac_reads_the_agent_as_it_was_meant() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("agent.plist");
    let script = "import json, plistlib, sys\nprint(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    for home in [None, Some("/Users/me & <you>")] {
        let text = launchd::agent(&call(ODD, home)).expect("an agent");
        fs::write(&file, &text).expect("write");
        let mut wanted = json!({
            "Label": "keyctl.remind",
            "ProgramArguments": [ODD, "remind", "now"],
            "StartCalendarInterval": { "Hour": 10, "Minute": 0 },
            "RunAtLoad": true,
            "ProcessType": "Background",
            "LimitLoadToSessionType": "Aqua",
            "Umask": 0o77,
        });
        if let Some(home) = home {
            wanted["EnvironmentVariables"] = json!({ "KEYCTL_HOME": home });
        }
        assert_eq!(python(script, &file), wanted);
        assert_eq!(launchd::read(&text), Some((ODD.into(), home.map(PathBuf::from))));
    }
}

#[test]
fn launchd_is_told_of_the_agent_and_of_its_end() {
    let folder = tempfile::tempdir().expect("folder");
    let (bin, agents) = (folder.path().join("bin"), folder.path().join("Library/LaunchAgents"));
    recorder(&bin.join("launchctl"));
    let timer = Launchd::at(agents.clone(), bin.join("launchctl"), 501);
    let file = agents.join("keyctl.remind.plist");
    let program = bin.join("launchctl");
    let call = call(program.to_str().expect("text"), Some("/Users/me"));
    assert_eq!(timer.status().expect("asked"), State::Absent);
    assert_eq!(timer.install(&call).expect("installed"), installed(true));
    let loading = [
        "bootout gui/501/keyctl.remind".to_owned(),
        "enable gui/501/keyctl.remind".to_owned(),
        format!("bootstrap gui/501 {}", file.display()),
    ];
    assert_eq!(calls(&bin), loading);
    assert_eq!(timer.install(&call).expect("installed"), installed(false));
    assert_eq!(calls(&bin), ["print gui/501/keyctl.remind"]);
    let home = call.home.clone();
    let present = |runs| State::Present { program: program.clone(), home: home.clone(), callable: true, runs };
    assert_eq!(timer.status().expect("asked"), present(Runs::Waiting(None)));
    fs::write(bin.join("refused"), "print\nbootstrap\n").expect("write");
    assert_eq!(timer.status().expect("asked"), present(Runs::AtLogin));
    let remains = timer.install(&call).expect("installed").remains.expect("something remains");
    assert_eq!(remains, "it begins when you next log in on the Mac's own screen: launchd did not load it now");
    fs::write(bin.join("refused"), "").expect("write");
    calls(&bin);
    assert_eq!(timer.uninstall().expect("removed"), Uninstalled { removed: true, remains: None });
    assert_eq!(calls(&bin), ["print gui/501/keyctl.remind", "bootout gui/501/keyctl.remind"]);
    assert!(!file.exists());
    assert_eq!(timer.uninstall().expect("removed"), Uninstalled { removed: false, remains: None });
    fs::write(&file, "<plist/>").expect("write");
    let said = format!("`{}` was not written by keyctl", file.display());
    assert_eq!(timer.install(&call).expect_err("foreign").message, said);
    assert_eq!(timer.uninstall().expect_err("foreign").message, said);
    assert_eq!(timer.status().expect("asked"), State::Foreign(file));
}

const TASK: &str = "import json, sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
space = '{http://schemas.microsoft.com/windows/2004/02/mit/task}'
assert root.tag == space + 'Task', root.tag
print(json.dumps({e.tag[len(space):]: e.text for e in root.iter() if len(e) == 0}))";

#[test]
fn windows_reads_the_task_as_it_was_meant() {
    let folder = tempfile::tempdir().expect("folder");
    let (system, data) = (folder.path().join("System32"), folder.path().join("data"));
    recorder(&system.join("schtasks.exe"));
    let timer = TaskScheduler::at(data.clone(), system.clone(), "A. User<>");
    let file = data.join("remind-task.xml");
    let odd = ODD.replace('"', "");
    for (home, command, arguments) in [
        (None, odd.clone(), "remind now".to_owned()),
        (
            Some("/home/a & b"),
            system.join("cmd.exe").display().to_string(),
            format!("/d /s /c \"set \"KEYCTL_HOME=/home/a & b\"&& \"{odd}\" remind now\""),
        ),
    ] {
        assert_eq!(timer.install(&call(&odd, home)).expect("installed"), installed(true));
        let name = "keyctl-remind-A.User";
        assert_eq!(calls(&system), [format!("/create /f /tn {name} /xml {}", file.display())]);
        let task = python(TASK, &file);
        for (element, wanted) in [
            ("Command", command.as_str()),
            ("Arguments", &arguments),
            ("StartBoundary", "2026-01-01T10:00:00"),
            ("DaysInterval", "1"),
            ("StartWhenAvailable", "true"),
            ("RunLevel", "LeastPrivilege"),
            ("LogonType", "InteractiveToken"),
        ] {
            assert_eq!(task[element], wanted, "{element}");
        }
        let state = timer.status().expect("asked");
        let program = PathBuf::from(&odd);
        let runs = Runs::Waiting(None);
        assert_eq!(state, State::Present { program, home: home.map(PathBuf::from), callable: false, runs });
        calls(&system);
        assert_eq!(timer.install(&call(&odd, home)).expect("installed"), installed(false));
        assert_eq!(calls(&system), [format!("/query /tn {name}")]);
    }
    for percent in ["/opt/50%off/keyctl", "/opt/a\"b/keyctl"] {
        assert!(task_scheduler::task(&call(percent, None), &system).is_err(), "{percent}");
    }
}

#[test]
fn windows_is_told_of_the_tasks_end_and_says_when_it_runs() {
    let folder = tempfile::tempdir().expect("folder");
    let (system, data) = (folder.path().join("System32"), folder.path().join("data"));
    recorder(&system.join("schtasks.exe"));
    let timer = TaskScheduler::at(data.clone(), system.clone(), "me");
    let program = system.join("schtasks.exe");
    let call = call(program.to_str().expect("text"), None);
    assert_eq!(timer.status().expect("asked"), State::Absent);
    fs::write(system.join("refused"), "/create\n").expect("write");
    let refused = timer.install(&call).expect_err("refused").message;
    assert_eq!(refused, format!("the program `{}` ended with exit code 5", program.display()));
    assert_eq!(timer.status().expect("asked"), State::Absent);
    fs::write(system.join("refused"), "").expect("write");
    timer.install(&call).expect("installed");
    let present = |runs| State::Present { program: program.clone(), home: None, callable: true, runs };
    let powershell = system.join("WindowsPowerShell\\v1.0\\powershell.exe");
    for (answer, runs) in [
        ("2026-11-26T10:12:00Z", Runs::Waiting(Some("2026-11-26T10:12:00Z".parse().expect("a moment")))),
        ("on", Runs::Waiting(None)),
        ("off", Runs::Off),
    ] {
        fs::write(&powershell, format!("#!/bin/sh\nread name; [ \"$name\" = keyctl-remind-me ] && echo '{answer}'\n"))
            .expect("write");
        fs::set_permissions(&powershell, fs::Permissions::from_mode(0o755)).expect("executable");
        assert_eq!(timer.status().expect("asked"), present(runs));
    }
    fs::write(system.join("refused"), "/query\n").expect("write");
    assert_eq!(timer.status().expect("asked"), present(Runs::Off));
    fs::write(system.join("refused"), "").expect("write");
    calls(&system);
    assert_eq!(timer.uninstall().expect("removed"), Uninstalled { removed: true, remains: None });
    assert_eq!(calls(&system), ["/query /tn keyctl-remind-me", "/delete /f /tn keyctl-remind-me"]);
    assert_eq!(timer.uninstall().expect("removed"), Uninstalled { removed: false, remains: None });
    assert_eq!(fs::read_dir(&data).expect("folder").count(), 0);
}

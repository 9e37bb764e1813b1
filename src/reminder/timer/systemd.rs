//! Linux: two units for systemd's user manager, which is told of them over D-Bus (org.freedesktop.systemd1(5)).

use std::{
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use zvariant::{OwnedObjectPath, OwnedValue};

use super::{
    Call, Installed, Runs, State, Uninstalled,
    files::{self, Found},
    unit::{self, SERVICE, TIMER},
};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    plain::shell_word,
    session_bus::{Answer, Bus, Object, Trouble},
};

/// How long the manager may take for a call; it reads all units again for one of them.
const DEADLINE: Duration = Duration::from_secs(10);
const MANAGER: Object<'static> = Object {
    service: "org.freedesktop.systemd1",
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
};
/// The timer as an object: in its name, what is neither letter nor digit is written as a number.
const TIMER_PROPERTIES: Object<'static> = Object {
    path: "/org/freedesktop/systemd1/unit/keyctl_2dremind_2etimer",
    interface: "org.freedesktop.DBus.Properties",
    ..MANAGER
};

/// The folder of links to what the user's timers consist of.
const WANTS: &str = "timers.target.wants";

/// The user's folder of units.
pub struct Systemd {
    folder: PathBuf,
}

impl Systemd {
    /// The folder that the user's manager reads: `$XDG_CONFIG_HOME/systemd/user`.
    ///
    /// # Errors
    /// `Disk` where there is no home folder.
    pub fn find() -> Result<Self> {
        match dirs::config_dir().filter(|folder| folder.is_absolute()) {
            Some(folder) => Ok(Self::at(folder.join("systemd/user"))),
            None => Err(Failure::new(Kind::Disk, "there is no home folder to put a timer in").hint("set `HOME`")),
        }
    }

    /// Units in another folder.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn service(&self) -> PathBuf {
        self.folder.join(SERVICE)
    }

    fn timer(&self) -> PathBuf {
        self.folder.join(TIMER)
    }

    /// The link that makes the manager start the timer, just as `systemctl enable` makes it.
    fn link(&self) -> PathBuf {
        self.folder.join(WANTS).join(TIMER)
    }

    /// Writes the units, enables the timer, and starts it.
    ///
    /// # Errors
    /// See [`super::install`].
    pub fn install(&self, call: &Call) -> Result<Installed> {
        let (service, timer) = (unit::service(call)?, unit::timer());
        if !is_booted() {
            return Err(Failure::new(Kind::Usage, "this system does not run systemd, which would keep the timer")
                .hint(format!("let `cron` call it each day: `{}`", crontab_line(call)))
                .hint("`cron` reaches no desktop: name a program for a mail or a chat, `[reminders] program` in `config.toml`"));
        }
        let written = files::write(&[(self.service(), service.into()), (self.timer(), timer.into())])?;
        let changed = self.enable()? || written;
        let remains = match start(changed) {
            Ok(()) => None,
            Err(Trouble::NoBus | Trouble::NoService) => {
                Some("it begins when you next log in: your systemd cannot be reached now".to_owned())
            }
            Err(trouble) => Some(format!(
                "{}, so start it: `systemctl --user daemon-reload && systemctl --user restart {TIMER}`",
                said(trouble)
            )),
        };
        Ok(Installed { changed, remains })
    }

    /// Makes the link if it is not there as it should be; says whether it had to be made.
    fn enable(&self) -> Result<bool> {
        let link = self.link();
        // What counts is the name: systemd finds the unit by it.
        if std::fs::read_link(&link).is_ok_and(|target| target.ends_with(TIMER)) {
            return Ok(false);
        }
        let failed = |error: &io::Error| Failure::disk("make the link", &link, error);
        if let Some(folder) = link.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        symlink(self.timer(), &link).map_err(|error| failed(&error))?;
        Ok(true)
    }

    /// Stops the timer and removes link and units.
    ///
    /// # Errors
    /// See [`super::uninstall`].
    pub fn uninstall(&self) -> Result<Uninstalled> {
        let (service, timer, link) = (self.service(), self.timer(), self.link());
        files::refuse_foreign([&service, &timer])?;
        let mut removed = false;
        if std::fs::read_link(&link).is_ok_and(|target| target == timer) {
            removed = files::remove(&link)?;
            // Succeeds only when nothing else is in it.
            let _ = std::fs::remove_dir(self.folder.join(WANTS));
        }
        for path in [&timer, &service] {
            removed |= files::remove(path)?;
        }
        let remains = match removed.then(stop) {
            None | Some(Ok(()) | Err(Trouble::NoBus | Trouble::NoService)) => None,
            Some(Err(trouble)) => Some(format!(
                "{}, so stop it: `systemctl --user stop {TIMER} && systemctl --user daemon-reload`",
                said(trouble)
            )),
        };
        Ok(Uninstalled { removed, remains })
    }

    /// What the files say, and the manager of the timer.
    ///
    /// # Errors
    /// See [`super::status`].
    pub fn status(&self) -> Result<State> {
        let (service, timer) = (self.service(), self.timer());
        let text = match (files::look(&service)?, files::look(&timer)?) {
            (Found::Nothing, Found::Nothing) => return Ok(State::Absent),
            (Found::Foreign, _) => return Ok(State::Foreign(service)),
            (_, Found::Foreign) => return Ok(State::Foreign(timer)),
            (Found::Nothing, _) => return Ok(State::Incomplete(service)),
            (_, Found::Nothing) => return Ok(State::Incomplete(timer)),
            (Found::Ours(text), Found::Ours(_)) => text,
        };
        let Some((program, home)) = unit::read(&text) else { return Ok(State::Foreign(service)) };
        Ok(State::present(program, home, self.runs()))
    }

    fn runs(&self) -> Runs {
        match ask_when() {
            Ok(runs) => runs,
            Err(_) if self.link().exists() => Runs::AtLogin,
            Err(_) => Runs::Off,
        }
    }
}

/// Whether systemd is this system's first process (`sd_booted(3)`).
fn is_booted() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// A line for `crontab(5)`, where `%` would be the end of the command.
fn crontab_line(call: &Call) -> String {
    let quoted = |path: &Path| shell_word(&path.display().to_string()).replace('%', "\\%");
    let home = call.home.as_ref().map(|home| format!("KEYCTL_HOME={} ", quoted(home))).unwrap_or_default();
    format!("0 {} * * * {home}{} {}", super::HOUR, quoted(&call.program), call.arguments.join(" "))
}

/// Lets the manager read the units and start the timer, if it does not run just so already.
fn start(changed: bool) -> std::result::Result<(), Trouble> {
    let mut bus = Bus::connect_to_user(DEADLINE)?;
    if !changed && active_state(&mut bus)? == "active" {
        return Ok(());
    }
    ask(&mut bus, "Reload", "", &())?;
    let _: OwnedObjectPath = ask(&mut bus, "RestartUnit", "ss", &(TIMER, "replace"))?.body()?;
    // That was only the beginning of a job.
    let begun = Instant::now();
    loop {
        match active_state(&mut bus)?.as_str() {
            "active" => return Ok(()),
            "failed" => return Err(Trouble::Refused),
            _ if begun.elapsed() > DEADLINE / 2 => return Err(Trouble::Silent),
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Stops the timer, and the call that waits to be tried again; their units are no longer there, so the manager may forget
/// them.
fn stop() -> std::result::Result<(), Trouble> {
    let mut bus = Bus::connect_to_user(DEADLINE)?;
    for unit in [TIMER, SERVICE] {
        match ask(&mut bus, "StopUnit", "ss", &(unit, "replace")) {
            // One that the manager does not know cannot be stopped and need not be.
            Ok(_) | Err(Trouble::Refused) => {}
            Err(trouble) => return Err(trouble),
        }
    }
    ask(&mut bus, "Reload", "", &()).map(drop)
}

/// Whether the timer runs, and when it calls next.
fn ask_when() -> std::result::Result<Runs, Trouble> {
    let mut bus = Bus::connect_to_user(DEADLINE)?;
    if active_state(&mut bus)? != "active" {
        return Ok(Runs::Off);
    }
    let microseconds = property::<u64>(&mut bus, "Timer", "NextElapseUSecRealtime")?;
    let seconds = i64::try_from(microseconds / 1_000_000).unwrap_or_default();
    // It is zero while the service runs.
    Ok(Runs::Waiting((seconds > 0).then(|| Moment::from_seconds(seconds))))
}

fn ask<B>(bus: &mut Bus, member: &str, signature: &str, body: &B) -> std::result::Result<Answer, Trouble>
where
    B: serde::Serialize + zvariant::DynamicType,
{
    bus.call(MANAGER, member, signature, body)?;
    bus.flush()?;
    bus.answer()
}

fn property<T>(bus: &mut Bus, interface: &str, name: &str) -> std::result::Result<T, Trouble>
where
    T: TryFrom<OwnedValue>,
{
    bus.call(TIMER_PROPERTIES, "Get", "ss", &(format!("org.freedesktop.systemd1.{interface}"), name))?;
    bus.flush()?;
    let value: OwnedValue = bus.answer()?.body()?;
    T::try_from(value).map_err(|_| Trouble::Refused)
}

fn active_state(bus: &mut Bus) -> std::result::Result<String, Trouble> {
    property(bus, "Unit", "ActiveState")
}

fn said(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Silent => "your systemd did not answer in time",
        _ => "your systemd answered with an error",
    }
}

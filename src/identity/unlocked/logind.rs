//! What ends it before its time: the screen is locked, the machine goes to sleep, or the user logs out, as systemd-logind tells
//! on the system's bus (org.freedesktop.login1(5)).
//!
//! `Lock` is what logind tells sessions to do (`loginctl lock-session`, and desktops that lock by it); others lock by themselves
//! and set `LockedHint`. A session is any of this user's: which of them a program belongs to cannot be told where the desktop
//! starts it as a service.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use zvariant::{OwnedObjectPath, OwnedValue};

use crate::session_bus::{Bus, DAEMON, Object, Signal, Trouble};

const MANAGER: Object<'static> = Object {
    service: "org.freedesktop.login1",
    path: "/org/freedesktop/login1",
    interface: "org.freedesktop.login1.Manager",
};
const SESSION: &str = "org.freedesktop.login1.Session";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// How long an answer of logind's may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Somebody who listens to logind.
pub struct Watch {
    bus: Bus,
    user: u32,
    /// The user's object, where he is one who is logged in.
    object: Option<OwnedObjectPath>,
}

impl Watch {
    /// Begins to listen.
    ///
    /// # Errors
    /// Where there is no system bus, or no logind on it.
    pub fn begin() -> Result<Self, Trouble> {
        let mut bus = Bus::connect_to_system(DEADLINE)?;
        let from = "type='signal',sender='org.freedesktop.login1'";
        let sessions = "path_namespace='/org/freedesktop/login1/session'";
        for rule in [
            format!("{from},interface='{SESSION}',member='Lock',{sessions}"),
            format!("{from},interface='{PROPERTIES}',member='PropertiesChanged',arg0='{SESSION}',{sessions}"),
            format!("{from},interface='{}',member='PrepareForSleep'", MANAGER.interface),
        ] {
            bus.call(DAEMON, "AddMatch", "s", &rule.as_str())?;
        }
        let user = rustix::process::geteuid().as_raw();
        bus.call(MANAGER, "GetUser", "u", &user)?;
        bus.flush()?;
        for _ in 0..3 {
            bus.answer()?;
        }
        let object = match bus.answer() {
            Ok(answer) => Some(answer.body()?),
            // Whoever is known to logind by no session of his own is not seen to log out.
            Err(Trouble::Refused) => None,
            Err(trouble) => return Err(trouble),
        };
        let mut watch = Self { bus, user, object };
        if !watch.is_logged_in() {
            watch.object = None;
        }
        Ok(watch)
    }

    /// Waits for so long; says whether it is to end now.
    ///
    /// # Errors
    /// Where the bus is gone.
    pub fn wait(&mut self, time: Duration) -> Result<bool, Trouble> {
        let until = Instant::now() + time;
        loop {
            self.bus.extend(until.saturating_duration_since(Instant::now()));
            match self.bus.signal()? {
                Some(signal) if self.is_end(&signal) => return Ok(true),
                Some(_) => {}
                None => return Ok(self.object.is_some() && !self.is_logged_in()),
            }
        }
    }

    fn is_end(&mut self, signal: &Signal) -> bool {
        match signal.member.as_str() {
            "Lock" => self.is_of_user(&signal.path),
            "PrepareForSleep" => signal.said.body().unwrap_or(true),
            "PropertiesChanged" => {
                let changed = signal.said.body::<(String, HashMap<String, OwnedValue>, Vec<String>)>();
                let hint = changed.ok().and_then(|(_, mut changed, _)| changed.remove("LockedHint"));
                hint.is_some_and(|hint| bool::try_from(hint) != Ok(false)) && self.is_of_user(&signal.path)
            }
            _ => false,
        }
    }

    /// Whether a session is this user's. One that cannot be told is taken for his: then too much is locked, and not too little.
    fn is_of_user(&mut self, session: &str) -> bool {
        let user = self.property(session, SESSION, "User");
        let owner = user.ok().and_then(|user| <(u32, OwnedObjectPath)>::try_from(user).ok());
        owner.is_none_or(|(owner, _)| owner == self.user)
    }

    /// Whether the user has a session that goes on. A bus that does not answer says nothing.
    fn is_logged_in(&mut self) -> bool {
        let Some(object) = self.object.clone() else { return false };
        let state = self.property(object.as_str(), "org.freedesktop.login1.User", "State");
        let state = state.ok().and_then(|state| String::try_from(state).ok());
        state.is_none_or(|state| ["active", "online"].contains(&state.as_str()))
    }

    fn property(&mut self, path: &str, interface: &str, name: &str) -> Result<OwnedValue, Trouble> {
        self.bus.extend(DEADLINE);
        self.bus.call(Object { path, interface: PROPERTIES, ..MANAGER }, "Get", "ss", &(interface, name))?;
        self.bus.flush()?;
        self.bus.answer()?.body()
    }
}

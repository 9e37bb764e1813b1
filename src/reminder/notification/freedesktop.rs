//! Linux: one call to `org.freedesktop.Notifications` on the session bus (Desktop Notifications Specification 1.2).

use std::{collections::HashMap, time::Duration};

use zvariant::Value;

use super::unreachable;
use crate::{
    failure::Result,
    session_bus::{Bus, Object, Trouble},
};

const SERVICE: Object<'static> = Object {
    service: "org.freedesktop.Notifications",
    path: "/org/freedesktop/Notifications",
    interface: "org.freedesktop.Notifications",
};
/// "Normal" of the specification's three urgencies: it goes away by itself and stays in the desktop's list.
const URGENCY: u8 = 1;
/// Shown for as long as the desktop shows others.
const TIMEOUT: i32 = -1;
/// What icon themes have for passwords; a desktop without it shows none.
const ICON: &str = "dialog-password";

pub(super) fn show(title: &str, body: &str, deadline: Duration) -> Result<()> {
    call(title, body, deadline).map_err(|trouble| {
        unreachable(match trouble {
            Trouble::NoBus => "cannot show a notification: there is no session bus".to_owned(),
            Trouble::NoService => {
                "cannot show a notification: no notification service is on the session bus".to_owned()
            }
            Trouble::Silent => {
                format!("cannot show a notification: the service did not answer within {} s", deadline.as_secs_f32())
            }
            Trouble::Refused => "cannot show a notification: the service answered with an error".to_owned(),
        })
    })
}

fn call(title: &str, body: &str, deadline: Duration) -> std::result::Result<(), Trouble> {
    let mut bus = Bus::connect(deadline)?;
    bus.call(SERVICE, "GetCapabilities", "", &())?;
    bus.flush()?;
    let capabilities: Vec<String> = bus.answer()?.body()?;
    // A service reads the body as markup if it says so, and shows it letter by letter if not.
    let markup = capabilities.iter().any(|capability| capability == "body-markup");
    let body = if markup { escaped(body) } else { body.to_owned() };
    let actions: [&str; 0] = [];
    let hints = HashMap::from([("urgency", Value::U8(URGENCY))]);
    let replaces = 0_u32;
    let notification = ("keyctl", replaces, ICON, title, body.as_str(), &actions[..], hints, TIMEOUT);
    bus.call(SERVICE, "Notify", "susssasa{sv}i", &notification)?;
    bus.flush()?;
    let _id: u32 = bus.answer()?.body()?;
    Ok(())
}

/// The text as markup that means just this text.
fn escaped(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            other => markup.push(other),
        }
    }
    markup
}

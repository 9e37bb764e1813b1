//! `keyctl unlock` and `keyctl lock`.

use std::time::Duration;

use clap::Args;

use crate::name::StoreName;

/// The longest time for which a store can be opened: a working day.
const LONGEST: Duration = Duration::from_hours(12);

/// `keyctl unlock`
#[derive(Args)]
#[command(
    after_help = "For stores whose keeper asks: a passphrase, an SSH key with one, or a plugin.\nIt lies in the system's memory, never on a disk, and ends with the time, with\n`keyctl lock`, and on Linux desktops when the screen is locked:\n  keyctl unlock --for 1h"
)]
pub struct Unlock {
    /// The store's name; by default the personal one
    pub store: Option<StoreName>,
    /// For so long, at most 12 hours
    #[arg(long = "for", value_name = "TIME", default_value = "15m", value_parser = time)]
    pub time: Duration,
}

/// `keyctl lock`
#[derive(Args)]
pub struct Lock {
    /// The store's name; by default all that are open
    pub store: Option<StoreName>,
}

/// The part of `unlock` that stays until the time is up.
#[derive(Args)]
pub struct CloseOnLock {
    /// The store's id
    pub store: String,
    /// For how many seconds it is open
    pub seconds: u64,
}

/// Reads `90s`, `15m` or `2h`.
fn time(text: &str) -> Result<Duration, String> {
    let known = || "a time is minutes or hours, as in `15m` or `2h`".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(known)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        _ => return Err(known()),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = Some(number).filter(|_| is_number).and_then(|number| number.parse().ok()).ok_or_else(known)?;
    let time = Duration::from_secs(number.saturating_mul(seconds));
    match time {
        Duration::ZERO => Err("a time is at least a second".to_owned()),
        time if time > LONGEST => Err("a store can be opened for at most 12 hours".to_owned()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_seconds_minutes_or_hours_and_at_most_twelve_of_these() {
        for (text, seconds) in [("1s", 1), ("15m", 900), ("2h", 7200), ("12h", 43_200), ("720m", 43_200), ("090s", 90)]
        {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        let most = "a store can be opened for at most 12 hours";
        let known = "a time is minutes or hours, as in `15m` or `2h`";
        for (text, said) in [
            ("13h", most),
            ("721m", most),
            ("99999999999999999999h", known),
            ("18446744073709551615h", most),
            ("0m", "a time is at least a second"),
            ("15", known),
            ("m", known),
            ("", known),
            ("-1m", known),
            ("1.5h", known),
            ("1d", known),
            ("15ü", known),
        ] {
            assert_eq!(time(text), Err(said.to_owned()), "{text}");
        }
    }
}

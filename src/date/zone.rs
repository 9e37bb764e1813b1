//! The machine's time zone.
//!
//! jiff finds a zone by listing the whole of the zone database, a folder at a time; here the one file that is meant is
//! opened: `/etc/localtime`, or what `TZ` names (`tzset(3)`). What cannot be read is UTC, so a machine without a
//! database works.

use jiff::tz::TimeZone;

/// Where systems keep the zone database.
#[cfg(unix)]
const DATABASES: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];

/// The zone that times are shown in, and that dates without one are meant in.
#[must_use]
pub fn here() -> TimeZone {
    #[cfg(unix)]
    return named(std::env::var("TZ").ok().as_deref());
    #[cfg(not(unix))]
    TimeZone::system()
}

/// The zone that a value of `TZ` means. An empty one means UTC.
#[cfg(unix)]
fn named(tz: Option<&str>) -> TimeZone {
    let Some(tz) = tz else { return file("/etc/localtime".as_ref()).unwrap_or(TimeZone::UTC) };
    let name = tz.strip_prefix(':').unwrap_or(tz);
    if name.starts_with('/') {
        return file(name.as_ref()).unwrap_or(TimeZone::UTC);
    }
    let inside = !name.is_empty() && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    let listed = || DATABASES.iter().find_map(|folder| file(&std::path::Path::new(folder).join(name)));
    let found = if inside { listed() } else { None };
    found.or_else(|| TimeZone::posix(name).ok()).unwrap_or(TimeZone::UTC)
}

/// A zone's file (RFC 9636). None has more than a few kilobytes.
#[cfg(unix)]
fn file(path: &std::path::Path) -> Option<TimeZone> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(256 * 1024).read_to_end(&mut bytes).ok()?;
    TimeZone::tzif("", &bytes).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_zone_is_what_tz_means() {
        let summer: Timestamp = "2026-07-01T12:00:00Z".parse().expect("good");
        let hour = |tz: &str| summer.to_zoned_datetime(named(Some(tz))).strftime("%H:%M").to_string();
        for (tz, shown) in [
            ("Europe/Berlin", "14:00"),
            (":Asia/Tokyo", "21:00"),
            ("/usr/share/zoneinfo/Asia/Kolkata", "17:30"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "14:00"),
            ("UTC", "12:00"),
            ("", "12:00"),
            ("Nowhere/AtAll", "12:00"),
            ("../zoneinfo/Asia/Tokyo", "12:00"),
            ("/", "12:00"),
            ("/dev/zero", "12:00"),
        ] {
            assert_eq!(hour(tz), shown, "{tz}");
        }
    }
}

//! The heat map and the sparklines of a terminal: lines of text, as wide as they may be.

use std::{fmt::Write as _, ops::RangeInclusive};

use jiff::civil::Date;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    levels::{Levels, YEAR, monday, months, weekly, weeks_on},
    tally::{Tally, Usage},
};
use crate::{date::Moment, plain::printable};

/// How many keys get a line of their own.
const KEYS: usize = 10;
/// The columns before the first week: a weekday and two spaces.
const MARGIN: usize = 5;
/// The columns of a week: a mark and a space.
const WEEK: usize = 2;
/// The most columns a key's name takes.
const LONGEST_NAME: usize = 24;

/// What the shades are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strokes {
    /// Blocks, for a terminal that has them.
    Blocks,
    /// Points and digits, for all else.
    Digits,
}

/// What was drawn.
#[derive(Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The heat map with its legend.
    pub map: String,
    /// The sparklines as rows of a table, the head first; none where no key was used.
    pub lines: Vec<Vec<String>>,
}

/// Draws the uses up to a day, as many weeks of them as the width has room for.
#[must_use]
pub fn draw(tally: &Tally, now: Moment, width: usize, strokes: Strokes) -> Drawn {
    let today = now.there(&tally.zone).date();
    let weeks = fitting(width.saturating_sub(MARGIN) / WEEK, YEAR);
    let first = weeks_on(monday(today), 1 - weeks);
    Drawn { map: map(tally, first, today, weeks, strokes), lines: lines(tally, first..=today, weeks, width, strokes) }
}

/// So many weeks as there is room for.
fn fitting(room: usize, most: i32) -> i32 {
    i32::try_from(room).unwrap_or(most).clamp(1, most)
}

fn map(tally: &Tally, first: Date, today: Date, weeks: i32, strokes: Strokes) -> String {
    let shown = || tally.days.range(first..=today);
    let levels = Levels::of(shown().map(|(_, uses)| *uses));
    let mut text = head(first, weeks);
    for weekday in 0..7 {
        let first = first.checked_add(jiff::Span::new().days(weekday)).unwrap_or(first);
        let mut line = format!("{}  ", first.strftime("%a"));
        for week in 0..weeks {
            let day = weeks_on(first, week);
            let uses = tally.days.get(&day).copied().unwrap_or_default();
            line.push(if day > today { ' ' } else { strokes.shade(levels.level(uses)) });
            line.push(' ');
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&legend(&levels, strokes));
    let total: u64 = shown().map(|(_, uses)| *uses).sum();
    let begun = if weeks == 1 { "1 week".to_owned() } else { format!("{weeks} weeks") };
    let _ = writeln!(text, "\n{} in {begun}, from {first} to {today}", super::counted(total, "use"));
    text
}

/// The months' names, each above the week that first begins in it; none that would run into the next.
fn head(first: Date, weeks: i32) -> String {
    let mut line = " ".repeat(MARGIN);
    let mut column = MARGIN;
    for (month, count) in months(first, weeks) {
        let name = month.strftime("%b").to_string();
        let is_free = line.trim_end().len() < column;
        let count = usize::from(count);
        // A month of which one last week is shown has no room for its name.
        if is_free && count * WEEK > name.len() {
            line.truncate(column.min(line.len()));
            line.extend(std::iter::repeat_n(' ', column - line.len()));
            line.push_str(&name);
        }
        column += count * WEEK;
    }
    format!("{}\n", line.trim_end())
}

fn legend(levels: &Levels, strokes: Strokes) -> String {
    let mut parts = vec![format!("{} none", strokes.shade(0))];
    for (level, low, high) in levels.ranges() {
        let range = if low == high { low.to_string() } else { format!("{low}-{high}") };
        parts.push(format!("{} {range}", strokes.shade(level)));
    }
    format!("{}{}\n", " ".repeat(MARGIN), parts.join("   "))
}

fn lines(tally: &Tally, days: RangeInclusive<Date>, weeks: i32, width: usize, strokes: Strokes) -> Vec<Vec<String>> {
    let shown = |usage: &Usage| usage.days.range(days.clone()).map(|(_, uses)| *uses).sum::<u64>();
    let mut keys: Vec<_> = tally.keys.iter().map(|(name, usage)| (name, usage, shown(usage))).collect();
    keys.retain(|(.., uses)| *uses > 0);
    keys.sort_by_key(|(name, _, uses)| (std::cmp::Reverse(*uses), *name));
    keys.truncate(KEYS);
    if keys.is_empty() {
        return Vec::new();
    }
    let wide = keys.iter().map(|(.., uses)| uses.to_string().len()).max().unwrap_or_default().max("USES".len());
    let names: Vec<String> = keys.iter().map(|(name, ..)| shortened(name)).collect();
    let name = names.iter().map(|name| name.width()).max().unwrap_or_default().max("KEY".len());
    // Beside name, count and day, with two spaces between each.
    let room = fitting(width.saturating_sub(name + wide + "2026-11-25".len() + 3 * 2), weeks);
    let first = weeks_on(*days.start(), weeks - room);
    let head = ["KEY".into(), format!("{:>wide$}", "USES"), "LAST USED".into(), format!("{room} WEEKS")];
    let mut rows = vec![head.to_vec()];
    for ((_, usage, uses), name) in keys.into_iter().zip(names) {
        let last = usage.last.map(|last| last.there(&tally.zone).date().to_string()).unwrap_or_default();
        let spark = strokes.spark(&weekly(&usage.days, first, room));
        rows.push(vec![name, format!("{uses:>wide$}"), last, spark]);
    }
    rows
}

/// A name in its column, cut at its end.
fn shortened(name: &str) -> String {
    let name = printable(name);
    if name.width() <= LONGEST_NAME {
        return name.into_owned();
    }
    let mut used = 0;
    let fits = name.chars().take_while(|c| {
        used += c.width().unwrap_or_default();
        used < LONGEST_NAME
    });
    fits.chain(['…']).collect()
}

impl Strokes {
    fn shade(self, level: usize) -> char {
        let shades = match self {
            Self::Blocks => ['·', '░', '▒', '▓', '█'],
            Self::Digits => ['.', '1', '2', '3', '4'],
        };
        shades[level.min(4)]
    }

    /// One stroke a week, the highest for the week with the most.
    fn spark(self, weeks: &[u64]) -> String {
        let strokes = match self {
            Self::Blocks => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Self::Digits => ['1', '2', '3', '4', '5', '6', '7', '8'],
        };
        let most = weeks.iter().copied().max().unwrap_or_default().max(1);
        let stroke = |uses: &u64| match uses {
            0 => {
                if self == Self::Blocks {
                    '·'
                } else {
                    '.'
                }
            }
            // Rounded up: what is there is seen.
            uses => strokes[usize::try_from((uses * 8).div_ceil(most) - 1).unwrap_or_default().min(7)],
        };
        weeks.iter().map(stroke).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::history::{Action, Event};

    fn drawn(events: impl IntoIterator<Item = (i64, &'static str)>, width: usize, strokes: Strokes) -> Drawn {
        let mut tally = Tally::new(TimeZone::UTC, None);
        for (number, (at, name)) in events.into_iter().enumerate() {
            let event = Event { names: vec![name.to_owned()], ..Event::new(Action::Get, Moment::from_seconds(at)) };
            tally.add(number as u64, &event);
        }
        draw(&tally, "2026-11-25T10:00:00Z".parse().expect("good"), width, strokes)
    }

    const DAY: i64 = 86_400;
    /// A Monday.
    const MONDAY: fn() -> i64 = || "2026-11-02T09:00:00Z".parse::<Moment>().expect("good").seconds();

    #[test]
    fn a_day_stands_below_its_month_and_beside_its_weekday() {
        let days = [(0, 1), (1, 2), (8, 3), (22, 5)];
        let events = days.into_iter().flat_map(|(day, uses)| vec![(MONDAY() + day * DAY, "openai/dev"); uses]);
        let Drawn { map, lines } = drawn(events, 15, Strokes::Blocks);
        let expected = "       Nov|Mon  · ░ · · ·|Tue  · ▒ ▓ · █|Wed  · · · · ·|Thu  · · · ·|Fri  · · · ·|Sat  · · · ·|Sun  · · · ·|     · none   ░ 1   ▒ 2   ▓ 3   █ 4-5||11 uses in 5 weeks, from 2026-10-26 to 2026-11-25|";
        assert_eq!(map.replace('\n', "|"), expected);
        assert_eq!(lines[1], ["openai/dev", "  11", "2026-11-24", "█"], "no room for more than a week");
        let Drawn { lines, .. } = drawn([(MONDAY(), "a"), (MONDAY() + 22 * DAY, "a")], 40, Strokes::Digits);
        assert_eq!(lines[0][3], "17 WEEKS");
        assert_eq!(lines[1][3], ".............8..8");
    }

    #[test]
    fn the_ten_keys_used_most_have_a_line() {
        const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
        let events = (0..12).flat_map(|at| vec![(MONDAY(), NAMES[at]); at + 1]);
        let Drawn { lines, .. } = drawn(events, 80, Strokes::Digits);
        let names: Vec<&str> = lines.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(names, ["KEY", "l", "k", "j", "i", "h", "g", "f", "e", "d", "c"]);
        assert_eq!(drawn([], 80, Strokes::Digits).lines, Vec::<Vec<String>>::new());
        assert_eq!(drawn([(0, "long ago")], 80, Strokes::Digits).lines, Vec::<Vec<String>>::new());
    }

    proptest! {
        #[test]
        fn no_width_and_no_moment_panics_and_every_line_fits(width in 0_usize..300, at in any::<i64>()) {
            let Drawn { map, lines } = drawn([(at, "a"), (MONDAY(), "b")], width, Strokes::Blocks);
            let fits = |line: &str| line.width() <= width.max(MARGIN + WEEK);
            prop_assert!(map.lines().take(8).all(fits), "{}", map);
            prop_assert!(lines.iter().all(|row| row[3].width() <= YEAR as usize + 6));
        }
    }
}

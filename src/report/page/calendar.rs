//! The uses of each day: a table of weekdays and weeks, shaded, and the same in numbers.

use jiff::{
    Span,
    civil::{Date, Weekday},
};

use super::{Html, Made};
use crate::report::{
    counted,
    levels::{Levels, monday, months, weeks_on},
    tally::Tally,
};

/// The weeks of one table: a year and the days around it.
const WEEKS: i32 = 53;
/// The most years there are tables of; a clock that was wrong once has no page for every year since.
const MOST_YEARS: i32 = 12;

/// Writes the part.
pub(super) fn write(made: &Made, html: &mut Html) {
    let tally = made.tally;
    html.raw("<section aria-labelledby=\"days\">\n<h2 id=\"days\">Use by day</h2>\n");
    let today = made.now.there(&tally.zone).date();
    if tally.days.range(..=today).next().is_none() {
        html.raw("<p>No use was recorded.</p>\n</section>\n");
        return;
    }
    let levels = Levels::of(tally.days.range(..=today).map(|(_, uses)| *uses));
    let newest = weeks_on(monday(today), 1 - WEEKS);
    for year in 0..MOST_YEARS {
        let first = weeks_on(newest, -year * WEEKS);
        let last = weeks_on(first, WEEKS).yesterday().unwrap_or(today).min(today);
        let uses: u64 = tally.days.range(first..=last).map(|(_, uses)| *uses).sum();
        let words =
            format!("{} to {}: {}", first.strftime("%-d %B %Y"), last.strftime("%-d %B %Y"), counted(uses, "use"));
        match (year, uses) {
            (0, _) => {
                table(tally, &levels, first, today, &words, html);
                legend(&levels, html);
            }
            (_, 0) => {}
            _ => {
                html.raw("<details>\n<summary>").text(&words).raw("</summary>\n");
                table(tally, &levels, first, today, &words, html);
                html.raw("</details>\n");
            }
        }
    }
    numbers(tally, today, html);
    html.raw("</section>\n");
}

fn table(tally: &Tally, levels: &Levels, first: Date, today: Date, words: &str, html: &mut Html) {
    html.raw("<div class=\"calendar\">\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Calendar, ")
        .text(words);
    html.raw("\"><table class=\"heat\">\n<caption><span>")
        .text(words)
        .raw("</span></caption>\n<colgroup><col class=\"weekday\"></colgroup>");
    let months = months(first, WEEKS);
    for (_, count) in &months {
        html.raw("<colgroup span=\"").number(u64::from(*count)).raw("\"></colgroup>");
    }
    html.raw("\n<thead><tr><td></td>");
    for (month, count) in &months {
        html.raw("<th scope=\"colgroup\" colspan=\"").number(u64::from(*count)).raw("\">");
        // A month of which a week or two are shown has no room for its name.
        let name = if *count > 2 { "%b" } else { "" };
        html.raw("<abbr title=\"").text(&month.strftime("%B %Y").to_string()).raw("\">");
        html.text(&month.strftime(name).to_string()).raw("</abbr></th>");
    }
    html.raw("</tr></thead>\n<tbody>\n");
    for weekday in 0..7 {
        let monday = first.checked_add(Span::new().days(weekday)).unwrap_or(first);
        html.raw("<tr><th scope=\"row\">").raw(weekday_name(monday.weekday())).raw("</th>");
        for week in 0..WEEKS {
            let day = weeks_on(monday, week);
            let Some(uses) = uses(day, today, tally) else {
                html.raw("<td></td>");
                continue;
            };
            html.raw(
                [
                    "<td class=\"l0\">",
                    "<td class=\"l1\">",
                    "<td class=\"l2\">",
                    "<td class=\"l3\">",
                    "<td class=\"l4\">",
                ][levels.level(uses)],
            );
            html.raw("<span>")
                .text(&format!("{}: {}", day.strftime("%A %-d %B %Y"), counted(uses, "use")))
                .raw("</span></td>");
        }
        html.raw("</tr>\n");
    }
    html.raw("</tbody>\n</table></div>\n</div>\n");
}

/// The uses of a day; nothing of one that is still to come, or from before the counting began.
fn uses(day: Date, today: Date, tally: &Tally) -> Option<u64> {
    let begun = tally.since.or(tally.between.map(|(first, _)| first)).map(|begun| begun.there(&tally.zone).date());
    (day <= today && begun.is_none_or(|begun| begun <= day)).then(|| tally.days.get(&day).copied().unwrap_or_default())
}

fn weekday_name(weekday: Weekday) -> &'static str {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        [usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default().min(6)]
}

fn legend(levels: &Levels, html: &mut Html) {
    html.raw("<p class=\"legend\">Uses a day: <span><i class=\"l0\"></i>none</span>");
    for (level, low, high) in levels.ranges() {
        html.raw(" <span>").raw(
            ["", "<i class=\"l1\"></i>", "<i class=\"l2\"></i>", "<i class=\"l3\"></i>", "<i class=\"l4\"></i>"][level],
        );
        html.number(low);
        if high > low {
            html.raw("–").number(high);
        }
        html.raw("</span>");
    }
    html.raw("</p>\n");
}

/// A row a month, a column a day of the month.
fn numbers(tally: &Tally, today: Date, html: &mut Html) {
    html.raw("<details>\n<summary>Every day in numbers</summary>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Every day in numbers\"><table class=\"numbers\">\n<caption class=\"unseen\">Uses by month and day</caption>\n<thead><tr><th scope=\"col\">Month</th>");
    for day in 1..=31 {
        html.raw("<th scope=\"col\">").number(day).raw("</th>");
    }
    html.raw("<th scope=\"col\">All</th></tr></thead>\n<tbody>\n");
    let mut shown: Vec<Date> = tally.days.range(..=today).map(|(day, _)| day.first_of_month()).collect();
    shown.dedup();
    for month in shown.iter().rev() {
        html.raw("<tr><th scope=\"row\">").text(&month.strftime("%b %Y").to_string()).raw("</th>");
        let mut all = 0;
        for number in 1..=31 {
            let day = Date::new(month.year(), month.month(), number);
            let uses = day.ok().and_then(|day| uses(day, today, tally));
            match uses {
                Some(0) => html.raw("<td class=\"none\">0</td>"),
                Some(uses) => html.raw("<td>").number(uses).raw("</td>"),
                None => html.raw("<td></td>"),
            };
            all += uses.unwrap_or_default();
        }
        html.raw("<td>").number(all).raw("</td></tr>\n");
    }
    html.raw("</tbody>\n</table></div>\n</details>\n");
}

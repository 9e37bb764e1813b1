//! The uses of each day: a table of weekdays and weeks, shaded, and the same in numbers.

use jiff::{Span, civil::Date};

use super::{Html, Made};
use crate::report::{
    counted,
    levels::{Levels, YEAR, monday, months, weeks_on},
    tally::Tally,
};

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
    let newest = weeks_on(monday(today), 1 - YEAR);
    for back in 0..MOST_YEARS {
        let year = Year::beginning(weeks_on(newest, -back * YEAR), today, tally);
        if back == 0 {
            year.table(tally, &levels, html);
            legend(&levels, html);
        } else if year.uses > 0 {
            html.raw("<details>\n<summary>").text(&year.words).raw("</summary>\n");
            year.table(tally, &levels, html);
            html.raw("</details>\n");
        }
    }
    numbers(tally, today, html);
    html.raw("</section>\n");
}

/// What one table shows.
struct Year {
    first: Date,
    today: Date,
    uses: u64,
    words: String,
}

impl Year {
    fn beginning(first: Date, today: Date, tally: &Tally) -> Self {
        let last = weeks_on(first, YEAR).yesterday().unwrap_or(today).min(today);
        let uses = tally.days.range(first..=last).map(|(_, uses)| *uses).sum();
        let [from, to] = [first, last].map(|day| day.strftime("%-d %B %Y"));
        let words = format!("{from} to {to}: {}", counted(uses, "use"));
        Self { first, today, uses, words }
    }

    fn table(&self, tally: &Tally, levels: &Levels, html: &mut Html) {
        html.raw(
            "<div class=\"calendar\">\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Calendar, ",
        );
        html.text(&self.words).raw("\"><table class=\"heat\">\n<caption><span>").text(&self.words);
        html.raw("</span></caption>\n<colgroup><col class=\"weekday\"></colgroup>");
        self.head(html);
        html.raw("<tbody>\n");
        for weekday in 0..7 {
            let first = self.first.checked_add(Span::new().days(weekday)).unwrap_or(self.first);
            html.raw("<tr><th scope=\"row\">").text(&first.strftime("%a").to_string()).raw("</th>");
            for week in 0..YEAR {
                cell(weeks_on(first, week), self.today, tally, levels, html);
            }
            html.raw("</tr>\n");
        }
        html.raw("</tbody>\n</table></div>\n</div>\n");
    }

    fn head(&self, html: &mut Html) {
        let months = months(self.first, YEAR);
        for (_, count) in &months {
            html.raw("<colgroup span=\"").number(u64::from(*count)).raw("\"></colgroup>");
        }
        html.raw("\n<thead><tr><td></td>");
        for (month, count) in &months {
            html.raw("<th scope=\"colgroup\" colspan=\"").number(u64::from(*count)).raw("\"><abbr title=\"");
            html.text(&month.strftime("%B %Y").to_string()).raw("\">");
            // A month of which a week or two are shown has no room for its name.
            let name = if *count > 2 { "%b" } else { "" };
            html.text(&month.strftime(name).to_string()).raw("</abbr></th>");
        }
        html.raw("</tr></thead>\n");
    }
}

fn cell(day: Date, today: Date, tally: &Tally, levels: &Levels, html: &mut Html) {
    const OPENED: [&str; 5] =
        ["<td class=\"l0\">", "<td class=\"l1\">", "<td class=\"l2\">", "<td class=\"l3\">", "<td class=\"l4\">"];
    if let Some(uses) = uses(day, today, tally) {
        html.raw(OPENED[levels.level(uses)]).raw("<span>");
        html.text(&format!("{}: {}", day.strftime("%A %-d %B %Y"), counted(uses, "use"))).raw("</span></td>");
    } else {
        html.raw("<td></td>");
    }
}

/// The uses of a day; nothing of one that is still to come, or from before the counting began.
fn uses(day: Date, today: Date, tally: &Tally) -> Option<u64> {
    let begun = tally.since.or(tally.between.map(|(first, _)| first)).map(|begun| begun.there(&tally.zone).date());
    (day <= today && begun.is_none_or(|begun| begun <= day)).then(|| tally.days.get(&day).copied().unwrap_or_default())
}

fn legend(levels: &Levels, html: &mut Html) {
    const SWATCHES: [&str; 5] =
        ["", "<i class=\"l1\"></i>", "<i class=\"l2\"></i>", "<i class=\"l3\"></i>", "<i class=\"l4\"></i>"];
    html.raw("<p class=\"legend\">Uses a day: <span><i class=\"l0\"></i>none</span>");
    for (level, low, high) in levels.ranges() {
        html.raw(" <span>").raw(SWATCHES[level]);
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

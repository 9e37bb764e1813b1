//! What is counted of the history's entries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{civil::Date, tz::TimeZone};

use crate::{
    date::Moment,
    failure::{Failure, Result},
    history::{
        Action, Event,
        lives::{Counted, Ended},
        started,
    },
};

/// How many entries of a kind are kept to be shown one by one; the rest is counted.
const MOST_NOTES: usize = 200;

/// What stands for the host of requests that went to more than one.
const SEVERAL: &str = "several hosts";

/// What the entries come to, in the days and hours of one time zone.
pub struct Tally {
    /// Whose days and hours.
    pub zone: TimeZone,
    /// From when on entries count; all of them where nothing is said.
    pub since: Option<Moment>,
    /// How many entries counted.
    pub entries: u64,
    /// When the first and the last of them were made.
    pub between: Option<(Moment, Moment)>,
    /// How many were uses of keys.
    pub uses: u64,
    /// How many of the uses have no moment that can be read, and so no day.
    pub undated: u64,
    /// How many uses had more keys than their entry names.
    pub cut: u64,
    /// The uses of each day.
    pub days: BTreeMap<Date, u64>,
    /// The uses of each hour of the day.
    pub hours: [u64; 24],
    /// The uses of each key, by the name it has at last.
    pub keys: BTreeMap<String, Usage>,
    /// The uses by each program, or by keyctl itself.
    pub programs: BTreeMap<By, Usage>,
    /// The uses in each project's folder, or in a folder that is none: of worktrees the one that was allowed.
    pub projects: BTreeMap<Option<String>, Usage>,
    /// When each key was kept, replaced and so on.
    pub changes: BTreeMap<String, Vec<(Moment, Change)>>,
    /// The requests that went through the proxy or were refused there, by key and host.
    pub requests: BTreeMap<(String, String), Requests>,
    /// What was told as it happened.
    pub alerts: Notes,
    /// What a search for secrets in files found.
    pub findings: Notes,
    /// What was tried and came to nothing.
    pub refused: Notes,
    /// Where the history itself is not all there, or was mended.
    pub mended: Notes,
    /// Where an entry is dated before the one before it.
    pub went_back: Notes,
    /// Which names have no key now.
    ended: Ended,
}

/// What a key is called that was removed and whose name another one has now.
fn former(name: &str) -> String {
    format!("{name} (removed)")
}

/// How a key, a program or a project takes part.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Usage {
    /// How often.
    pub uses: u64,
    /// When last, if an entry says so.
    pub last: Option<Moment>,
    /// How often on each day.
    pub days: BTreeMap<Date, u64>,
    /// With which keys; of a key, by which programs.
    pub others: BTreeSet<String>,
}

/// What a key was used by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A program that `run` gave it to.
    Program(String),
    /// `get`, which printed it.
    Printed,
    /// `copy`, which put it on the clipboard.
    Copied,
    /// `env`, which printed it as a variable.
    Exported,
    /// `render`, which wrote it into a template.
    Rendered,
    /// An entry that does not say.
    Unknown,
}

/// What happened to a key at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was kept for the first time, or again.
    Set,
    /// It was replaced.
    Rotated,
    /// A former secret came back.
    Restored,
    /// It was marked as not to be used.
    Revoked,
    /// It was removed.
    Removed,
}

/// The requests of one key to one host.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Requests {
    /// How many went there.
    pub sent: u64,
    /// Those of them that were answered with an error, or with nothing.
    pub failed: u64,
    /// How many were not let through.
    pub refused: u64,
    /// When the last one was.
    pub last: Option<Moment>,
}

impl Requests {
    fn count(&mut self, event: &Event) {
        let times = event.times_of();
        self.last = self.last.max(event.moment);
        match event.status() {
            Some(status) => {
                self.sent += times;
                self.failed += if status >= 400 { times } else { 0 };
            }
            None if event.refusal().is_some() => self.refused += times,
            None => {
                self.sent += times;
                self.failed += times;
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.sent += other.sent;
        self.failed += other.failed;
        self.refused += other.refused;
        self.last = self.last.max(other.last);
    }
}

/// Entries of one kind: how many, and the latest of them.
#[derive(Debug, Default)]
pub struct Notes {
    /// How many there are.
    pub count: u64,
    /// The latest, in their order.
    pub latest: VecDeque<Note>,
}

/// One entry that is shown by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its number in the history.
    pub number: u64,
    /// When it was made.
    pub moment: Option<Moment>,
    /// Its action's word.
    pub action: String,
    /// What it says beside that.
    pub text: String,
    /// Which keys.
    pub names: Vec<String>,
    /// Which program.
    pub program: Option<String>,
    /// Which folder.
    pub folder: Option<String>,
}

impl Tally {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(zone: TimeZone, since: Option<Moment>) -> Self {
        Self {
            zone,
            since,
            entries: 0,
            between: None,
            uses: 0,
            undated: 0,
            cut: 0,
            days: BTreeMap::new(),
            hours: [0; 24],
            keys: BTreeMap::new(),
            programs: BTreeMap::new(),
            projects: BTreeMap::new(),
            changes: BTreeMap::new(),
            requests: BTreeMap::new(),
            alerts: Notes::default(),
            findings: Notes::default(),
            refused: Notes::default(),
            mended: Notes::default(),
            went_back: Notes::default(),
            ended: Ended::default(),
        }
    }

    /// Counts all of these, and gives what ended the reading early if something did.
    pub fn add_all(&mut self, entries: impl Iterator<Item = Result<(u64, Event)>>) -> Option<Failure> {
        for entry in started(entries) {
            match entry {
                Ok((number, event)) => self.add(number, &event),
                Err(failure) => return Some(failure),
            }
        }
        None
    }

    /// Counts one entry. One without a moment counts only where no beginning is asked for.
    pub fn add(&mut self, number: u64, event: &Event) {
        for counted in self.ended.follow(event) {
            match counted {
                Counted::MovesTo(old, new) => self.rename(old, new),
                Counted::BeginsAnew(name) => self.move_key(name, &former(name)),
                Counted::GoesOn(name) => {
                    self.keys.remove(name);
                    self.move_key(&former(name), name);
                }
            }
        }
        self.remember_change(event);
        if self.since.is_some_and(|since| event.moment.is_none_or(|moment| moment < since)) {
            return;
        }
        self.entries += 1;
        if let Some(moment) = event.moment {
            let (first, last) = self.between.unwrap_or((moment, moment));
            self.between = Some((first.min(moment), last.max(moment)));
        }
        if event.went_back.is_some() {
            self.went_back.push(number, event);
        }
        match &event.action {
            action if action.is_use() => self.use_of(event),
            Action::Proxy => self.requests_of(event),
            Action::Failed => self.refused.push(number, event),
            Action::Gap | Action::Repair => self.mended.push(number, event),
            Action::Alert => self.alerts.push(number, event),
            Action::Scan => self.findings.push(number, event),
            _ => {}
        }
    }

    fn use_of(&mut self, event: &Event) {
        let there = event.moment.map(|moment| moment.there(&self.zone));
        let day = there.map(jiff::civil::DateTime::date);
        self.uses += 1;
        self.undated += u64::from(there.is_none());
        self.cut += u64::from(event.more > 0);
        if let Some(there) = there {
            *self.days.entry(there.date()).or_default() += 1;
            self.hours[usize::try_from(there.hour()).unwrap_or_default().min(23)] += 1;
        }
        let by = By::of(event);
        for name in &event.names {
            self.keys.entry(name.clone()).or_default().count(event.moment, day, by.program());
        }
        let (program, project) =
            (self.programs.entry(by).or_default(), self.projects.entry(event.place().cloned()).or_default());
        for usage in [program, project] {
            usage.count(event.moment, day, event.names.iter().map(String::as_str));
        }
    }

    fn requests_of(&mut self, event: &Event) {
        // Those that were refused and are of many kinds have none in common.
        let host = event.host().unwrap_or(SEVERAL);
        // What has no key of the run's is counted by its host.
        let names = if event.names.is_empty() { vec![String::new()] } else { event.names.clone() };
        for name in names {
            self.requests.entry((name, host.to_owned())).or_default().count(event);
        }
    }

    /// A key takes its uses, its requests and its life along.
    fn move_key(&mut self, old: &str, new: &str) {
        let hosts: Vec<String> =
            self.requests.keys().filter(|(key, _)| key == old).map(|(_, host)| host.clone()).collect();
        for host in hosts {
            if let Some(requests) = self.requests.remove(&(old.to_owned(), host.clone())) {
                self.requests.entry((new.to_owned(), host)).or_default().join(&requests);
            }
        }
        if let Some(changes) = self.changes.remove(old) {
            self.changes.entry(new.to_owned()).or_default().extend(changes);
        }
        if let Some(usage) = self.keys.remove(old) {
            self.keys.entry(new.to_owned()).or_default().join(usage);
        }
    }

    fn rename(&mut self, old: &str, new: &str) {
        self.move_key(old, new);
        for usage in self.programs.values_mut().chain(self.projects.values_mut()) {
            if usage.others.remove(old) {
                usage.others.insert(new.to_owned());
            }
        }
    }

    /// A key's life does not begin where the counting does.
    fn remember_change(&mut self, event: &Event) {
        let change = match event.action {
            Action::Set | Action::Import => Change::Set,
            // That a rotator was called is an entry too.
            Action::Rotate if event.outcome.is_none() => Change::Rotated,
            Action::Rollback => Change::Restored,
            Action::Revoke => Change::Revoked,
            Action::Remove => Change::Removed,
            _ => return,
        };
        let Some(moment) = event.moment else { return };
        for name in &event.names {
            self.changes.entry(name.clone()).or_default().push((moment, change));
        }
    }
}

impl Usage {
    /// Takes in another one.
    fn join(&mut self, other: Self) {
        self.uses += other.uses;
        self.last = self.last.max(other.last);
        for (day, uses) in other.days {
            *self.days.entry(day).or_default() += uses;
        }
        self.others.extend(other.others);
    }

    fn count<'o>(&mut self, moment: Option<Moment>, day: Option<Date>, others: impl IntoIterator<Item = &'o str>) {
        self.uses += 1;
        self.last = self.last.max(moment);
        if let Some(day) = day {
            *self.days.entry(day).or_default() += 1;
        }
        for other in others {
            if !self.others.contains(other) {
                self.others.insert(other.to_owned());
            }
        }
    }
}

impl By {
    fn of(event: &Event) -> Self {
        match (&event.action, &event.program) {
            (_, Some(program)) => Self::Program(program.clone()),
            (Action::Get, None) => Self::Printed,
            (Action::Copy, None) => Self::Copied,
            (Action::Env, None) => Self::Exported,
            (Action::Render, None) => Self::Rendered,
            _ => Self::Unknown,
        }
    }

    fn program(&self) -> Option<&str> {
        match self {
            Self::Program(name) => Some(name),
            _ => None,
        }
    }
}

impl Notes {
    fn push(&mut self, number: u64, event: &Event) {
        self.count += 1;
        if self.latest.len() == MOST_NOTES {
            self.latest.pop_front();
        }
        let lost = event.unrecorded().map(|unrecorded| unrecorded.to_string());
        let lost = lost.or(event.lost.map(|lost| match lost {
            1 => "1 entry missing".to_owned(),
            _ => format!("{lost} entries missing"),
        }));
        let back = event.went_back.map(|seconds| format!("the time went back by {}", while_of(seconds)));
        let texts = [event.note.clone(), event.outcome.clone(), lost, back];
        let texts: Vec<String> = texts.into_iter().flatten().collect();
        let mut names = event.names.clone();
        if event.more > 0 {
            names.push(format!("and {} more", event.more));
        }
        self.latest.push_back(Note {
            number,
            moment: event.moment,
            action: event.action.as_str().to_owned(),
            text: texts.join(": "),
            names,
            program: event.program.clone(),
            folder: event.folder.clone(),
        });
    }
}

/// `2 hours`, as the time since a moment is said.
fn while_of(seconds: u64) -> String {
    let now = Moment::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
    let ago = Moment::from_seconds(0).ago(now);
    ago.strip_suffix(" ago").unwrap_or(&ago).to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::name::KeyName;

    fn moment(text: &str) -> Moment {
        text.parse().expect(text)
    }

    fn event(word: &str, at: &str, names: &[&str]) -> Event {
        let names: Vec<KeyName> = names.iter().map(|name| name.parse().expect("good")).collect();
        Event::new(word.into(), moment(at)).names(&names)
    }

    fn tally(zone: TimeZone, since: Option<&str>, events: &[Event]) -> Tally {
        let mut tally = Tally::new(zone, since.map(moment));
        events.iter().zip(1..).for_each(|(event, number)| tally.add(number, event));
        tally
    }

    fn some() -> Vec<Event> {
        vec![
            event("set", "2026-11-01T10:00:00Z", &["a", "b"]),
            event("run", "2026-11-01T10:30:00Z", &["a", "b"]).program("node".as_ref()).folder(Path::new("/shop")),
            event("run", "2026-11-01T23:30:00Z", &["a"]).program("npm".as_ref()).folder(Path::new("/shop")),
            event("get", "2026-11-02T10:30:00Z", &["a"]),
            event("failed", "2026-11-02T10:31:00Z", &["b"]).outcome("expired"),
            event("alert", "2026-11-02T10:31:01Z", &["b"]).note("new program"),
            event("scan", "2026-11-02T10:31:02Z", &["b"]).outcome("1 finding"),
            event("gap", "2026-11-02T10:32:00Z", &[]).lost(2),
            event("rotate", "2026-11-03T10:00:00Z", &["a"]),
            event("verify", "2026-11-03T10:00:00Z", &[]),
        ]
    }

    #[test]
    fn requests_by_the_proxy_are_counted_by_key_and_host_and_follow_a_key() {
        let request = |host: &str, status: Option<u16>| crate::history::request::Request {
            host: host.to_owned(),
            method: "GET".to_owned(),
            path: "/".to_owned(),
            status,
            sent: 0,
            received: 0,
        };
        let one = |names: &[&str], host: &str, status| {
            event("proxy", "2026-11-01T10:00:00Z", names).request(&request(host, status))
        };
        let counted = tally(
            TimeZone::UTC,
            None,
            &[
                one(&["a"], "x.test", Some(200)),
                one(&["a"], "x.test", Some(500)),
                one(&["a"], "x.test", None).outcome("no answer"),
                one(&["a"], "evil.test", None).outcome("refused: path").times(7),
                one(&[], "x.test", Some(204)),
                event("proxy", "2026-11-01T10:00:00Z", &["a"]).note("of many kinds").outcome("refused: path").times(3),
                event("rename", "2026-11-01T11:00:00Z", &["a", "b"]),
            ],
        );
        let rows: Vec<_> = counted
            .requests
            .iter()
            .map(|((key, host), all)| (key.as_str(), host.as_str(), all.sent, all.failed, all.refused))
            .collect();
        assert_eq!(
            rows,
            [
                ("", "x.test", 1, 0, 0),
                ("b", "evil.test", 0, 0, 7),
                ("b", "several hosts", 0, 0, 3),
                ("b", "x.test", 3, 2, 0)
            ]
        );
        assert_eq!(counted.uses, 0, "they are no uses of their own");
    }

    #[test]
    fn uses_are_counted_by_day_hour_key_program_and_project() {
        let tally = tally(TimeZone::UTC, None, &some());
        let day = |text: &str| text.parse::<Date>().expect("day");
        assert_eq!((tally.entries, tally.uses, tally.undated), (10, 3, 0));
        assert_eq!(tally.days, [(day("2026-11-01"), 2), (day("2026-11-02"), 1)].into());
        assert_eq!((tally.hours[10], tally.hours[23], tally.hours.iter().sum::<u64>()), (2, 1, 3));
        assert_eq!((tally.keys["a"].uses, tally.keys["b"].uses), (3, 1));
        assert_eq!(tally.keys["a"].last, Some(moment("2026-11-02T10:30:00Z")));
        assert_eq!(tally.keys["a"].others.len(), 2);
        assert_eq!(tally.programs[&By::Program("node".into())].others.len(), 2);
        assert_eq!(tally.programs[&By::Printed].uses, 1);
        assert_eq!((tally.projects[&Some("/shop".into())].uses, tally.projects[&None].uses), (2, 1));
        assert_eq!(tally.between, Some((moment("2026-11-01T10:00:00Z"), moment("2026-11-03T10:00:00Z"))));
    }

    #[test]
    fn a_key_that_was_renamed_takes_its_uses_and_its_life_along_and_brings_them_back() {
        let events = [
            event("set", "2026-11-01T10:00:00Z", &["a"]),
            event("run", "2026-11-02T10:00:00Z", &["a"]).program("node".as_ref()),
            event("rename", "2026-11-03T10:00:00Z", &["a", "z"]),
            event("run", "2026-11-02T11:00:00Z", &["z"]).program("npm".as_ref()),
            event("undo", "2026-11-04T10:00:00Z", &["a", "z"]).note("rename of `a` to `z`"),
        ];
        let told = |events: &[Event]| {
            let tally = tally(TimeZone::UTC, None, events);
            let uses =
                |(name, usage): (&String, &Usage)| (name.clone(), usage.uses, usage.others.len(), usage.days.len());
            let keys: Vec<_> = tally.keys.iter().map(uses).collect();
            let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
            let of_node = names(&tally.programs[&By::Program("node".into())].others);
            (keys, tally.changes.keys().cloned().collect::<Vec<_>>(), of_node)
        };
        let all = |name: &str| (vec![(name.to_owned(), 2, 2, 1)], vec![name.to_owned()], vec![name.to_owned()]);
        assert_eq!(told(&events[..4]), all("z"));
        assert_eq!(told(&events), all("a"));
    }

    #[test]
    fn of_worktrees_the_folder_counts_that_was_allowed() {
        let run = |folder: &str| event("run", "2026-11-02T10:00:00Z", &["a"]).folder(Path::new(folder));
        let events = ["/shop", "/shop-fix"].map(|folder| run(folder).project(Path::new("/shop")));
        let tally = tally(TimeZone::UTC, None, &events);
        assert_eq!(tally.projects.keys().collect::<Vec<_>>(), [&Some("/shop".to_owned())]);
    }

    #[test]
    fn an_entry_dated_before_the_one_before_it_is_noted_with_by_how_much() {
        let back = Event { went_back: Some(7_200), ..event("run", "2026-11-02T10:00:00Z", &["a"]) };
        let tally = tally(TimeZone::UTC, None, &[back]);
        assert_eq!((tally.uses, tally.went_back.count), (1, 1));
        assert_eq!(tally.went_back.latest[0].text, "the time went back by 2 hours");
    }

    #[test]
    fn a_day_is_one_of_the_place_where_it_is_read() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("zone");
        let tally = tally(berlin, None, &some());
        assert_eq!(tally.days.values().collect::<Vec<_>>(), [&1, &2]);
        assert_eq!((tally.hours[0], tally.hours[11]), (1, 2));
    }

    #[test]
    fn what_is_before_the_beginning_does_not_count_but_a_keys_life_is_whole() {
        let mut events = some();
        events.push(Event { moment: None, ..event("get", "2026-11-03T10:00:00Z", &["a"]) });
        let counted = tally(TimeZone::UTC, Some("2026-11-02T00:00:00Z"), &events);
        assert_eq!((counted.entries, counted.uses, counted.undated), (7, 1, 0));
        assert_eq!(
            counted.changes["a"].iter().map(|(_, change)| *change).collect::<Vec<_>>(),
            [Change::Set, Change::Rotated]
        );
        let all = tally(TimeZone::UTC, None, &events);
        assert_eq!((all.uses, all.undated, all.days.values().sum::<u64>()), (4, 1, 3));
    }

    #[test]
    fn what_stands_out_is_kept_with_its_number_and_its_words() {
        let tally = tally(TimeZone::UTC, None, &some());
        let told = |notes: &Notes| notes.latest.iter().map(|note| (note.number, note.text.clone())).collect::<Vec<_>>();
        assert_eq!(told(&tally.refused), [(5, "expired".to_owned())]);
        assert_eq!(told(&tally.alerts), [(6, "new program".to_owned())]);
        assert_eq!(told(&tally.findings), [(7, "1 finding".to_owned())]);
        assert_eq!(told(&tally.mended), [(8, "2 events could not be recorded".to_owned())]);
    }

    #[test]
    fn of_very_many_entries_the_latest_are_kept_and_all_are_counted() {
        let many = vec![event("failed", "2026-11-02T10:31:00Z", &["b"]); 1000];
        let tally = tally(TimeZone::UTC, None, &many);
        assert_eq!((tally.refused.count, tally.refused.latest.len()), (1000, MOST_NOTES));
        assert_eq!(tally.refused.latest[0].number, 801);
    }
}

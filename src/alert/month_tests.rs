//! How quiet the rules are in a developer's normal month, and what they catch in it.
//!
//! The month is made up, but not kindly: six projects and fifteen keys, some three hundred uses on a working day by editor
//! tasks, the terminal, a local CI script that starts a command each two seconds, and a coding agent; late evenings, a
//! weekend now and then; new scripts, a new key, a new project and another agent that is tried out; a key that expires and
//! a project that is not allowed yet. The same each time: its dice are a fixed series of numbers.

use std::collections::VecDeque;

use super::{Alert, End, Rule, Seen, Settings, State, judge, judge_history};
use crate::date::Moment;

const DAY: i64 = 86_400;
/// Monday, 2026-10-05, 00:00 UTC.
const START: i64 = 1_791_158_400;
const WEEKS: i64 = 5;

struct Project {
    folder: &'static str,
    keys: &'static [&'static str],
    programs: &'static [&'static str],
    agent: bool,
}

const PROJECTS: [Project; 6] = [
    Project {
        folder: "/w/shop",
        keys: &["stripe/test", "openai/dev", "db/shop"],
        programs: &["npm", "node", "vite", "prisma"],
        agent: true,
    },
    Project {
        folder: "/w/shop/api",
        keys: &["stripe/test", "db/shop", "sentry"],
        programs: &["cargo", "api", "sqlx"],
        agent: true,
    },
    Project { folder: "/w/blog", keys: &["netlify", "openai/dev"], programs: &["npm", "node", "hugo"], agent: false },
    Project {
        folder: "/w/infra",
        keys: &["aws/id", "aws/secret", "cloudflare"],
        programs: &["terraform", "make", "aws"],
        agent: false,
    },
    Project {
        folder: "/w/ml",
        keys: &["huggingface", "openai/dev", "wandb"],
        programs: &["python3", "pytest", "jupyter"],
        agent: true,
    },
    Project {
        folder: "/w/tools",
        keys: &["github", "npm/token", "slack", "twilio"],
        programs: &["make", "gh", "node"],
        agent: true,
    },
];

/// A fixed series of numbers (the constants of Numerical Recipes' "quick and dirty" generator).
struct Dice(u32);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(u32::try_from(of.len()).expect("few")) as usize]
    }

    fn happens(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

/// One use, as it is to be seen.
#[derive(Clone)]
struct Use {
    at: i64,
    keys: Vec<&'static str>,
    action: &'static str,
    program: Option<&'static str>,
    project: Option<&'static str>,
    agent: Option<&'static str>,
    ended: Option<(&'static str, End)>,
    refused: Option<&'static str>,
}

impl Use {
    fn run(at: i64, project: &Project, program: &'static str) -> Self {
        Self {
            at,
            keys: project.keys.to_vec(),
            action: "run",
            program: Some(program),
            project: Some(project.folder),
            agent: None,
            ended: None,
            refused: None,
        }
    }

    fn get(at: i64, key: &'static str) -> Self {
        Self { keys: vec![key], action: "get", program: None, project: None, ..Self::run(at, &PROJECTS[0], "") }
    }
}

/// A normal month, and a week before it.
fn normal() -> Vec<Use> {
    let mut dice = Dice(7);
    let mut uses = Vec::new();
    for day in 0..WEEKS * 7 {
        let midnight = START + day * DAY;
        let (weekend, week) = (day % 7 >= 5, day / 7);
        if weekend && !dice.happens(30) {
            continue;
        }
        let late = dice.happens(10);
        for _ in 0..if weekend { 40 } else { 240 + dice.below(120) } {
            let hour = if weekend { 10 + dice.below(6) } else { 8 + dice.below(if late { 13 } else { 10 }) };
            let at = midnight + i64::from(hour * 3_600 + dice.below(3_600));
            // Most work is in two projects of the week; the others are looked into.
            let of_week = [week % 6, (week + 1) % 6];
            let project = if dice.happens(80) { dice.one(&of_week) } else { i64::from(dice.below(6)) };
            let project = &PROJECTS[usize::try_from(project).expect("few")];
            let mut one = Use::run(at, project, dice.one(project.programs));
            if project.agent && dice.happens(30) {
                one.agent = Some("Claude Code");
            }
            uses.push(one);
        }
        // Each project is opened in the first week: that is how the week is to be learnt from.
        if week == 0 && !weekend {
            for project in &PROJECTS {
                for program in project.programs {
                    uses.push(Use::run(midnight + 9 * 3_600, project, program));
                }
            }
        }
        for _ in 0..dice.below(4) {
            let key = dice.one(&["openai/dev", "github", "db/shop", "slack"]);
            uses.push(Use::get(midnight + i64::from(9 * 3_600 + dice.below(8 * 3_600)), key));
        }
        if !weekend {
            let begun = midnight + 11 * 3_600 + i64::from(dice.below(1_800));
            uses.extend((0..25).map(|step| Use::run(begun + step * 2, &PROJECTS[1], "ci.sh")));
        }
    }
    let at = |day: i64, hour: i64| START + day * DAY + hour * 3_600;
    // New scripts, each used for some days from then on.
    for (day, project, script) in
        [(9, 0, "seed.ts"), (15, 3, "plan.sh"), (18, 4, "train.py"), (24, 1, "migrate"), (29, 5, "release.sh")]
    {
        uses.extend((0..3).map(|again| Use::run(at(day + again, 14), &PROJECTS[project], script)));
    }
    // A new key for a project of its own, a new project for keys that are known, another agent for an afternoon.
    let fresh = Project { folder: "/w/bot", keys: &["telegram"], programs: &["node"], agent: false };
    uses.extend(
        (16..30)
            .map(|day| Use::run(at(day, 15), &fresh, ["node", "npm", "bot"][usize::try_from(day % 3).expect("small")])),
    );
    let side = Project { folder: "/w/side", keys: &["openai/dev"], programs: &["node"], agent: false };
    uses.extend((22..26).map(|day| Use::run(at(day, 16), &side, "node")));
    uses.extend(
        (0..5).map(|more| Use { agent: Some("Codex"), ..Use::run(at(17, 15) + more, &PROJECTS[4], "python3") }),
    );
    // A key that is used for three days though it has expired, and a project that is not allowed yet.
    uses.extend(
        (10..13).map(|day| Use { ended: Some(("sentry", End::Expired)), ..Use::run(at(day, 10), &PROJECTS[1], "api") }),
    );
    uses.push(Use { refused: Some("not allowed"), ..Use::run(at(22, 9), &side, "node") });
    uses.sort_by_key(|one| one.at);
    uses
}

/// What is told of these uses, each with its moment.
fn told(uses: &[Use]) -> Vec<(i64, Alert)> {
    let settings = Settings::default();
    let (mut state, mut recent, mut told) = (State::default(), VecDeque::new(), Vec::new());
    for one in uses {
        recent.push_back(one.at);
        while recent.front().is_some_and(|first| *first <= one.at - 60) {
            recent.pop_front();
        }
        let seen = Seen {
            program: one.program,
            project: one.project,
            agent: one.agent,
            ended: one.ended.into_iter().collect(),
            refused: one.refused,
            burst: Some(recent.len() as u64).filter(|uses| *uses >= u64::from(settings.burst)),
            ..Seen::new(Moment::from_seconds(one.at), one.action, one.keys.clone())
        };
        told.extend(judge(&mut state, &settings, &seen).into_iter().map(|alert| (one.at, alert)));
        // It is kept as bytes between any two uses.
        if state.has_changed() {
            state = State::from_bytes(&state.to_bytes()).expect("a state");
        }
    }
    told
}

#[test]
fn a_normal_month_has_at_most_three_alerts_a_week_after_the_first() {
    let uses = normal();
    assert!((6_000..12_000).contains(&uses.len()), "{} uses", uses.len());
    let told = told(&uses);
    let mut weeks = [0; 5];
    for (at, _) in &told {
        weeks[usize::try_from((at - START) / (7 * DAY)).expect("a week")] += 1;
    }
    let lines: Vec<String> = told.iter().map(|(at, alert)| format!("day {} {alert}", (at - START) / DAY)).collect();
    assert_eq!(weeks, [0, 3, 3, 3, 1], "{lines:#?}");
}

/// What is told because of misuse that is planted into the month, and not without it.
fn caught(planted: &[Use]) -> Vec<String> {
    let before: Vec<String> = told(&normal()).iter().map(|(at, alert)| format!("{at} {alert}")).collect();
    let mut uses = normal();
    uses.extend_from_slice(planted);
    uses.sort_by_key(|one| one.at);
    let after = told(&uses);
    let new = after.iter().filter(|(at, alert)| !before.contains(&format!("{at} {alert}")));
    new.map(|(_, alert)| format!("{}: {alert}", alert.rule.word())).collect()
}

#[test]
fn planted_misuse_is_caught_each_once() {
    // A working day in the fourth week, at ten in the morning.
    let morning = START + 23 * DAY + 10 * 3_600;
    let shop = &PROJECTS[0];
    let stolen = (0..5).map(|more| Use::run(morning + more * 600, shop, "postinstall")).collect::<Vec<_>>();
    assert_eq!(
        caught(&stolen),
        ["new_program: `stripe/test`, `openai/dev`, `db/shop` were given to `postinstall` for the first time"]
    );
    // What is known, by a known program, in its own project: only the hour is wrong.
    let night =
        (0..5).map(|more| Use::run(START + 24 * DAY + 3 * 3_600 + 840 + more, shop, "node")).collect::<Vec<_>>();
    let said = caught(&night);
    assert!(
        said.len() == 1
            && said[0].starts_with("hour: `stripe/test`, `openai/dev`, `db/shop` were used at an unusual hour ("),
        "{said:?}"
    );
    let sweep: Vec<Use> = (0..150).map(|more| Use::get(morning + more / 4, "github")).collect();
    assert_eq!(caught(&sweep), ["burst: 90 uses within a minute, last of `github`"]);
    let agent = Use { agent: Some("an agent"), ..Use::run(morning, &PROJECTS[3], "terraform") };
    assert_eq!(
        caught(&[agent]),
        ["agent: `aws/id`, `aws/secret`, `cloudflare` were used by an agent for the first time: perhaps an agent"]
    );
    let revoked = |more: i64| Use { ended: Some(("github", End::Revoked)), ..Use::get(morning + more, "github") };
    assert_eq!(caught(&[revoked(0), revoked(60), revoked(3_600)]), ["ended: `github` was used though it is revoked"]);
    // Daily for nine days, so that it is told of again once.
    let leaked = |day: i64| Use { ended: Some(("github", End::Leaked)), ..Use::get(morning + day * DAY, "github") };
    assert_eq!(caught(&[leaked(0), leaked(0)]), ["leaked: `github` was used though it is marked as leaked"]);
    assert_eq!(
        caught(&(0..9).map(leaked).collect::<Vec<_>>()).iter().filter(|told| told.starts_with("leaked:")).count(),
        2
    );
    let elsewhere = Use { keys: vec!["aws/secret"], ..Use::run(morning, &PROJECTS[2], "node") };
    assert_eq!(
        caught(&[elsewhere.clone(), elsewhere]),
        ["new_project: `aws/secret` was used in `/w/blog` for the first time"]
    );
    let printed = Use::get(morning, "aws/secret");
    assert_eq!(caught(&[printed]), ["new_project: `aws/secret` was used outside of any project for the first time"]);
    let refused = |more: i64| Use { refused: Some("not allowed"), ..Use::run(morning + more, shop, "node") };
    assert_eq!(
        caught(&[refused(0), refused(5), refused(3_600)]),
        ["refused: `stripe/test`, `openai/dev`, `db/shop` were asked for and refused: not allowed"]
    );
}

#[test]
fn what_was_refused_is_not_learnt() {
    let morning = START + 23 * DAY + 10 * 3_600;
    let tried = Use { refused: Some("no reason"), ..Use::run(morning, &PROJECTS[0], "postinstall") };
    let given = Use::run(morning + 60, &PROJECTS[0], "postinstall");
    assert_eq!(caught(&[tried, given]).len(), 2);
}

#[test]
fn days_on_which_all_was_refused_are_no_days_of_learning() {
    let shop = &PROJECTS[0];
    let mut uses: Vec<Use> =
        (0..10).map(|day| Use { refused: Some("no reason"), ..Use::run(START + day * DAY, shop, "node") }).collect();
    uses.push(Use::run(START + 10 * DAY, shop, "node"));
    uses.push(Use { agent: Some("an agent"), ..Use::run(START + 10 * DAY + 60, shop, "node") });
    assert!(told(&uses).iter().all(|(_, alert)| alert.rule == Rule::Refused));
}

#[test]
fn of_each_sort_of_trouble_with_the_history_one_a_day_is_told() {
    let (settings, moment) = (Settings::default(), Moment::from_seconds(START));
    let mut state = State::default();
    let mut told = |settings: &Settings, after: i64, sort: &str| {
        let moment = Moment::from_seconds(moment.seconds() + after);
        judge_history(&mut state, settings, moment, sort, "the history is gone".into())
    };
    let alert = told(&settings, 0, "busy").expect("the first");
    assert_eq!((alert.rule, alert.to_string()), (Rule::History, "the history is gone".to_owned()));
    assert_eq!(told(&settings, 60, "busy"), None);
    assert!(told(&settings, 120, "store").is_some() && told(&settings, DAY, "busy").is_some());
    let off = Settings { off: vec![Rule::History], ..Settings::default() };
    assert_eq!(told(&off, 3 * DAY, "busy"), None);
    assert!(told(&settings, 3 * DAY, "busy").is_some());
}

#[test]
fn in_the_first_week_only_what_needs_no_knowledge_is_told() {
    let morning = START + 2 * DAY + 10 * 3_600;
    let unknown = Use { agent: Some("an agent"), ..Use::run(morning - 7 * 3_600, &PROJECTS[0], "postinstall") };
    assert_eq!(caught(&[unknown]), Vec::<String>::new());
    let sweep: Vec<Use> = (0..150).map(|more| Use::get(morning + more / 4, "github")).collect();
    assert_eq!(caught(&sweep).len(), 1);
    let revoked = Use { ended: Some(("github", End::Revoked)), ..Use::get(morning, "github") };
    assert_eq!(caught(&[revoked]).len(), 1);
}

#[test]
fn a_rule_that_is_off_tells_nothing_and_learns_all_the_same() {
    let settings = Settings { off: Rule::ALL.to_vec(), ..Settings::default() };
    assert!(!settings.watches_anything() && Settings::default().watches_anything());
    let mut state = State::default();
    for one in &normal() {
        let seen = Seen {
            program: one.program,
            project: one.project,
            ..Seen::new(Moment::from_seconds(one.at), "run", one.keys.clone())
        };
        assert_eq!(judge(&mut state, &settings, &seen), []);
    }
    let last = Moment::from_seconds(START + 34 * DAY + 10 * 3_600);
    let seen =
        Seen { program: Some("release.sh"), project: Some("/w/tools"), ..Seen::new(last, "run", vec!["github"]) };
    assert_eq!(judge(&mut state, &Settings::default(), &seen), []);
    let seen = Seen { program: Some("other"), ..seen };
    assert_eq!(judge(&mut state, &Settings::default(), &seen).len(), 1);
}

#[test]
fn in_a_steady_week_the_state_is_written_a_few_times_a_day() {
    let mut state = State::default();
    let (mut written, mut seen) = (0, 0);
    for one in normal().iter().filter(|one| one.refused.is_none()) {
        let use_ = Seen {
            program: one.program,
            project: one.project,
            agent: one.agent,
            ..Seen::new(Moment::from_seconds(one.at), one.action, one.keys.clone())
        };
        judge(&mut state, &Settings::default(), &use_);
        if one.at >= START + 21 * DAY {
            seen += 1;
            written += usize::from(state.has_changed());
        }
        state = State::from_bytes(&state.to_bytes()).expect("a state");
    }
    assert!(seen > 3_000 && written * 25 < seen, "{written} of {seen}");
}

#[test]
fn a_project_that_names_thousands_of_keys_makes_the_watch_forget_nothing() {
    let (mut state, settings) = (State::default(), Settings::default());
    let at = |day: i64| Moment::from_seconds((20_000 + day) * 86_400 + 36_000);
    let use_by = |state: &mut State, day: i64, program: &'static str| {
        judge(state, &settings, &Seen { program: Some(program), ..Seen::new(at(day), "run", vec!["a"]) })
    };
    for day in 0..10 {
        assert!(use_by(&mut state, day, "cargo").is_empty());
    }
    for flood in 0..5 {
        let names: Vec<String> = (0..4_000).map(|number| format!("key{flood}-{number}")).collect();
        let keys = || names.iter().map(String::as_str).collect();
        let refused = || Seen { refused: Some("not allowed"), ..Seen::new(at(10), "run", keys()) };
        let told = judge(&mut state, &settings, &refused());
        assert_eq!((told.len(), told[0].keys.len()), (1, 4_000));
        assert!(judge(&mut state, &settings, &refused()).is_empty(), "told once a day");
        state = State::from_bytes(&state.to_bytes()).expect("a state");
    }
    assert_eq!(use_by(&mut state, 10, "evil").iter().map(|alert| alert.rule).collect::<Vec<_>>(), [Rule::Program]);
}

//! The page that `history report` writes, opened in a real browser, and the heat map on a terminal.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use keyctl::{
    commands::{opening, record},
    date::Moment,
    history::{Action, Event},
    home::Home,
    terminal::Terminal,
};
use serde_json::{Value, json};

use crate::{
    clock::{at, keep},
    pty::on_a_terminal,
    sandbox::{Sandbox, bend},
    tools,
};

/// The moment at which these tests look at their histories.
const NOW: &str = "2026-11-25T10:00:00Z";

fn moment(text: &str) -> Moment {
    text.parse().expect(text)
}

/// Adds entries to the history as keyctl would have.
pub fn recorded(sandbox: &Sandbox, events: impl IntoIterator<Item = Event>) {
    let home = Home::at(sandbox.data("").as_path());
    let kept = opening::identity(&home).expect("kept");
    let terminal = Terminal::new("keyctl", true, true);
    let payload = opening::store(&home, &kept, &terminal).expect("store").pick(&[]).expect("payload");
    let log = record::log(&home, &kept, &payload);
    for event in events {
        log.append(&event, false).expect("append");
    }
}

/// A key's use at a moment.
fn used(at: i64, key: &str, program: &str, folder: &str) -> Event {
    let event = Event::new(Action::Run, Moment::from_seconds(at)).names([&key.parse().expect("name")]);
    event.program(program.as_ref()).folder(Path::new(folder))
}

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A developer's year: workdays more than weekends, two weeks off in summer, a key that is hardly used.
fn year() -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, at, details) in [
        ("stripe/live", "2025-11-27T09:10:00Z", &["--expires", "2026-11-22"][..]),
        ("aws/deploy", "2025-12-02T12:00:00Z", &["--rotate-every", "90d"]),
        ("openai/dev", "2025-12-04T10:00:00Z", &["--rotate-every", "6mo"]),
        ("github/ci", "2026-01-12T10:00:00Z", &["--expires", "2026-12-08", "--rotate-every", "1y"]),
        ("npm/publish", "2026-02-05T10:00:00Z", &["--expires", "2027-02-01"]),
        ("sentry/dsn", "2026-06-17T14:00:00Z", &[]),
        ("anthropic/prod", "2026-03-02T09:00:00Z", &["--rotate-every", "3mo", "--expires", "2027-03-02"]),
    ] {
        keep(&sandbox, name, at, details);
    }
    for (name, at) in [
        ("aws/deploy", "2026-03-01T09:00:00Z"),
        ("aws/deploy", "2026-05-29T09:00:00Z"),
        ("aws/deploy", "2026-08-26T09:00:00Z"),
        ("openai/dev", "2026-06-03T08:30:00Z"),
        ("anthropic/prod", "2026-06-01T08:30:00Z"),
        ("anthropic/prod", "2026-09-07T08:30:00Z"),
    ] {
        let secret = format!("sk-second-secret-of-{name}-{at}");
        sandbox.secret(&secret);
        let ran = sandbox.call(&["rotate", name, "--yes"]).at(at).input(secret).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    }
    let revoke = ["revoke", "npm/publish", "--reason", "leaked in a log", "--yes"];
    assert_eq!(sandbox.call(&revoke).at("2026-10-19T09:00:00Z").run().code(), 0);
    recorded(&sandbox, workdays());
    sandbox
}

fn workdays() -> Vec<Event> {
    const DAY: i64 = 86_400;
    let (first, last) = (moment("2025-11-27T00:00:00Z").seconds(), moment("2026-11-25T00:00:00Z").seconds());
    let ways = [
        ("openai/dev", "node", "/home/ada/code/shop", 34),
        ("openai/dev", "python3", "/home/ada/code/notebooks", 14),
        ("anthropic/prod", "uvicorn", "/home/ada/code/agents", 22),
        ("stripe/live", "node", "/home/ada/code/shop", 12),
        ("aws/deploy", "terraform", "/home/ada/code/infra", 7),
        ("github/ci", "gh", "/home/ada/code/shop", 8),
        ("npm/publish", "npm", "/home/ada/code/widgets", 2),
        ("sentry/dsn", "sentry-cli", "/home/ada/code/shop", 1),
    ];
    // Each way as often as its number says, of a hundred.
    let wheel: Vec<_> = ways.iter().flat_map(|way| std::iter::repeat_n(way, way.3)).collect();
    let mut dice = Dice(7);
    let mut events = Vec::new();
    for day in (first..=last).step_by(86_400) {
        let weekday = (day / DAY + 3) % 7;
        let away = (moment("2026-07-27T00:00:00Z").seconds()..moment("2026-08-10T00:00:00Z").seconds()).contains(&day);
        let busy = if away {
            0
        } else if weekday >= 5 {
            dice.below(4)
        } else {
            4 + dice.below(16)
        };
        for _ in 0..busy {
            let way = wheel[usize::try_from(dice.below(100)).expect("small")];
            let hour = 8 + (dice.below(6) + dice.below(6)).cast_signed();
            let at = day + hour * 3_600 + dice.below(3_600).cast_signed();
            if at <= moment(NOW).seconds() {
                events.push(used(at, way.0, way.1, way.2));
            }
        }
    }
    events.sort_by_key(|event| event.moment);
    let name = |text: &str| text.parse().expect("name");
    let noted = |word: &str, at: &str, key: &str| Event::new(word.into(), moment(at)).names([&name(key)]);
    events.push(
        noted("failed", "2026-11-23T09:12:00Z", "stripe/live")
            .outcome("expired")
            .program("node".as_ref())
            .folder(Path::new("/home/ada/code/shop")),
    );
    events.push(
        noted("failed", "2026-10-20T16:40:00Z", "npm/publish")
            .outcome("revoked")
            .program("npm".as_ref())
            .folder(Path::new("/home/ada/code/widgets")),
    );
    events.push(
        noted("alert", "2026-11-19T23:52:00Z", "aws/deploy")
            .note("first use by a new program, at an unusual hour")
            .program("python3".as_ref())
            .folder(Path::new("/home/ada/tmp/x")),
    );
    events.push(
        noted("scan", "2026-10-19T08:51:00Z", "npm/publish")
            .outcome("1 finding")
            .folder(Path::new("/home/ada/code/widgets")),
    );
    events.push(noted("get", "2026-11-20T09:01:00Z", "openai/dev"));
    events
}

/// Writes the report of a history that is whole, and gives its file.
#[track_caller]
fn page(sandbox: &Sandbox) -> PathBuf {
    let ran = sandbox.call(&["history", "report", "--html", "report.html"]).at(NOW).run();
    assert_eq!((ran.stdout().as_str(), ran.code()), ("", 0), "{}", ran.stderr());
    sandbox.project().join("report.html")
}

/// Opens a page in Chromium and says what was there; `look.js` has the particulars. Where `KEYCTL_TEST_PICTURES` names
/// a folder, pictures of it lie there afterwards.
fn looked_at(sandbox: &Sandbox, page: &Path, name: &str) -> Value {
    let chromium = tools::program("chromium").expect("chromium: apt-get install chromium");
    let mut command = Command::new("node");
    sandbox.environment(&mut command);
    // The browser keeps its things apart from the user's.
    let home = sandbox.outside().join("browser");
    fs::create_dir_all(&home).expect("make");
    command.env("HOME", &home).env("TMPDIR", &home).arg(tools::root().join("tests/suite/look.js"));
    command.args([chromium.as_path(), &tools::node_modules(), page]);
    if let Some(pictures) = std::env::var_os("KEYCTL_TEST_PICTURES") {
        let pictures = Path::new(&pictures).join(name);
        fs::create_dir_all(&pictures).expect("make");
        command.arg(pictures);
    }
    serde_json::from_str(&tools::output(&mut command)).expect("json")
}

/// What must hold of every page, whatever is on it.
#[track_caller]
fn is_well_made(page: &Path, look: &Value) {
    assert_eq!(look["asked"], json!([format!("file://{}", page.display())]), "it asks for nothing but itself");
    assert_eq!(look["said"], json!([]), "the browser complains of nothing, and nothing ran");
    for seen in look["seen"].as_array().expect("looks") {
        assert_eq!(seen["objections"], json!([]), "{}", seen["name"]);
        assert_eq!(seen["overflow"], 0, "{} is wider than its window", seen["name"]);
    }
    let shape = &look["shape"];
    for none in ["scripts", "headless", "captionless"] {
        assert_eq!(shape[none], 0, "{none}");
    }
    let headings = [
        "H1 Use of API keys",
        "H2 Use by day",
        "H2 Keys and their dates",
        "H2 Used by",
        "H2 Alerts and findings",
        "H2 Refused and failed",
        "H2 The history itself",
    ];
    let shown = texts(&shape["headings"]);
    assert_eq!(
        shown.iter().filter(|heading| !heading.starts_with("H3")).collect::<Vec<_>>(),
        headings.iter().collect::<Vec<_>>()
    );
    let stops = look["stops"].as_array().expect("stops");
    assert!(stops.iter().all(|stop| stop["ring"] == true), "{stops:#?}");
    let source = fs::read_to_string(page).expect("read");
    for address in ["http:", "https:", "\"//", "url(", "@import", "<script", "<style>@"] {
        assert!(!source.contains(address), "{address}");
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("list").iter().map(|text| text.as_str().expect("text")).collect()
}

/// Whether a screen reader is told of something of this role by this name.
fn is_told(look: &Value, role: &str, name: &str) -> bool {
    look["names"].as_array().expect("names").iter().any(|one| one[0] == role && one[1] == name)
}

#[test]
fn the_page_of_a_year_opens_in_a_browser_and_tells_a_screen_reader_all_that_it_shows() {
    let sandbox = year();
    let page = page(&sandbox);
    let look = looked_at(&sandbox, &page, "year");
    is_well_made(&page, &look);
    for (role, name) in [
        ("banner", ""),
        ("navigation", "Parts of this page"),
        ("main", ""),
        ("contentinfo", ""),
        ("region", "Use by day"),
        ("table", "24 November 2025 to 25 November 2026: 2,863 uses"),
        ("rowheader", "Mon"),
        ("cell", "Tuesday 24 November 2026: 10 uses"),
        ("cell", "Saturday 1 August 2026: 0 uses"),
        ("table", "Each key’s state and dates"),
        ("columnheader", "Secret since"),
        ("rowheader", "aws/deploy"),
        (
            "image",
            "kept 2 December 2025; rotated 1 March 2026; rotated 29 May 2026; rotated 26 August 2026; due since 24 November 2026",
        ),
        ("image", "kept 27 November 2025; expired 22 November 2026"),
        ("image", "kept 5 February 2026; revoked 19 October 2026; expires 1 February 2027"),
        ("table", "Uses by program"),
        ("table", "Alerts"),
        ("cell", "first use by a new program, at an unusual hour"),
        ("StaticText", "13:00 to 14:00: 459 uses"),
    ] {
        assert!(is_told(&look, role, name), "{role}: {name}");
    }
    let stops: Vec<&str> =
        look["stops"].as_array().expect("stops").iter().map(|stop| stop["text"].as_str().expect("text")).collect();
    assert_eq!(
        stops[..7],
        [
            "Days",
            "Keys",
            "Programs and projects",
            "Alerts",
            "Refused",
            "The history itself",
            "Calendar, 24 November 2025 to 25 November 2026: 2,863 uses"
        ]
    );
}

/// Names as bad as they come, far more keys than a person has, and a clock that was once at 1970.
fn hostile() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut file = String::new();
    for number in 0..200 {
        let secret = format!("sk-secret-number-{number:03}");
        sandbox.secret(&secret);
        writeln!(file, "KEY_{number:03}={secret}").expect("text");
    }
    sandbox.may_lie_in(&sandbox.file(".env", file));
    let ran = sandbox.call(&["import", ".env"]).at("2023-11-20T10:00:00Z").run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    let (first, last) = (moment("2023-11-21T09:00:00Z").seconds(), moment(NOW).seconds());
    let mut dice = Dice(3);
    let mut events: Vec<Event> = (first..=last)
        .step_by(86_400)
        .map(|at| used(at, &format!("KEY_{:03}", dice.below(200)), &format!("program-{}", dice.below(40)), "/src"))
        .collect();
    for text in HOSTILE {
        let mut event = used(last, "KEY_000", "x", "/x");
        (event.program, event.folder) = (Some((*text).to_owned()), Some(format!("/src/{text}")));
        event.names.push((*text).to_owned());
        events.push(event.clone());
        for word in ["alert", "scan", "failed", "gap"] {
            events.push(Event {
                action: word.into(),
                note: Some((*text).to_owned()),
                outcome: Some((*text).to_owned()),
                ..event.clone()
            });
        }
        events.push(Event { action: Action::Set, ..event });
    }
    let long = "W".repeat(2_000);
    events.push(used(last, "KEY_001", &long, &format!("/src/{long}")));
    events.push(used(0, "KEY_001", "clock", "/src"));
    events.push(used(253_402_300_000, "KEY_001", "clock", "/src"));
    events.push(Event { moment: None, ..used(0, "KEY_001", "clock", "/src") });
    recorded(&sandbox, events);
    sandbox
}

const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "' onmouseover='alert(3)",
    "</style></title><svg onload=alert(4)>",
    "&lt;b&gt; &amp;",
    "\u{202e}txt.exe\u{202c}\u{2066}",
    "a\u{0}b\u{1b}[31m\r\nc\u{200b}",
    "שלום עולם",
    "<!-- ]]> --> {{7*7}} `${1}`",
    "javascript:alert(5)",
];

#[test]
fn hostile_names_are_text_and_two_hundred_keys_of_three_years_fit() {
    let sandbox = hostile();
    let page = page(&sandbox);
    let look = looked_at(&sandbox, &page, "hostile");
    let source = fs::read_to_string(&page).expect("read");
    assert!(source.len() < 1_500_000, "{} bytes", source.len());
    assert!(!source.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{1b}', '\u{0}', '\r']));
    assert!(!source.contains("<script") && !source.contains("<img") && !source.contains("<!--"));
    is_well_made(&page, &look);
    for (role, name) in [
        ("cell", "<script>alert(1)</script>: <script>alert(1)</script>"),
        ("rowheader", "<script>alert(1)</script>"),
        ("rowheader", "KEY_199"),
        ("rowheader", "\\u{202e}txt.exe\\u{202c}\\u{2066}"),
        ("StaticText", "1 use dated after this page was made, and so on no day."),
        ("StaticText", "1 use without a date, and so on no day."),
    ] {
        assert!(is_told(&look, role, name), "{role}: {name}");
    }
    let names = look["names"].as_array().expect("names");
    let said = |part: &str| names.iter().any(|one| one[1].as_str().is_some_and(|name| name.contains(part)));
    assert!(said("20 November 2023: 0 uses") && said("21 November 2023: 1 use"), "the first days of the three years");
    assert!(said("program-39") && said("WWWW…WWWW"));
}

#[test]
fn an_empty_history_has_a_page_that_says_so() {
    let sandbox = Sandbox::new();
    let none = "keyctl: no key is kept yet\nkeyctl: hint: keep one with `keyctl set NAME`\n";
    sandbox.call(&["history", "report", "--html", "report.html"]).run().says("", none, 3);
    assert!(!sandbox.project().join("report.html").exists());
    sandbox.call(&["store", "create", "--keeper", "file", "--quiet"]).run();
    let page = page(&sandbox);
    let look = looked_at(&sandbox, &page, "empty");
    is_well_made(&page, &look);
    for said in [
        "No use was recorded.",
        "No key is kept.",
        "There was no alert, and no secret was found in a file.",
        "Nothing was refused.",
    ] {
        assert!(is_told(&look, "StaticText", said), "{said}");
    }
}

#[test]
fn the_page_is_its_users_alone_and_nothing_is_written_over_without_being_asked() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    let report = |more: &[&str]| sandbox.call(&[&["history", "report", "--html"], more].concat()).run();
    let wrote = "keyctl: wrote `report.html`: 1 use of 1 key; open it in a browser\n";
    report(&["report.html"]).says("", wrote, 0);
    let file = sandbox.project().join("report.html");
    let mode = || fs::metadata(&file).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    let there = "keyctl: `report.html` exists already; nothing was written\nkeyctl: hint: write over it with `--force`, or name another file\n";
    fs::write(&file, "mine").expect("write");
    report(&["report.html"]).says("", there, 1);
    assert_eq!(fs::read(&file).expect("read"), b"mine");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("mode");
    report(&["report.html", "--force"]).says("", wrote, 0);
    assert_eq!(mode(), 0o600);
    let written = fs::read_to_string(&file).expect("read");
    assert!(written.starts_with("<!doctype html>\n") && written.ends_with("</html>\n"));
    let piped = report(&["-"]);
    assert_eq!((piped.stderr().as_str(), piped.code()), ("", 0));
    assert!(piped.stdout().starts_with("<!doctype html>\n") && piped.stdout().ends_with("</html>\n"));
    // A device is not replaced by a file, whoever asks.
    for no_file in ["/dev/null", "."] {
        let said = format!(
            "keyctl: `{no_file}` is not a regular file\nkeyctl: hint: name a file, or `-` for standard output\n"
        );
        report(&[no_file, "--force"]).says("", &said, 2);
    }
    let missing = "keyctl: cannot write `none/report.html`: no such file or directory\n";
    report(&["none/report.html"]).says("", missing, 7);
    std::os::unix::fs::symlink("elsewhere.html", sandbox.project().join("link.html")).expect("link");
    report(&["link.html"]).says("", &there.replace("report.html", "link.html"), 1);
    assert!(!sandbox.project().join("elsewhere.html").exists());
    for entry in fs::read_dir(sandbox.project()).expect("list").flatten() {
        assert!(!entry.file_name().to_string_lossy().ends_with(".tmp"), "{:?}", entry.file_name());
    }
}

#[test]
fn no_secret_and_no_note_of_a_key_stands_on_the_page() {
    let sandbox = Sandbox::new();
    for secret in ["sk-live-0123456789abcdef", "plain-old-secret-77"] {
        sandbox.secret(secret);
        let words = ["set", "A", "--replace", "--note", "my-private-note", "--url", "https://issuer.example/keys"];
        let ran = sandbox.call(&words).input(secret).run();
        assert_eq!(ran.code(), 0, "{}", ran.stderr());
    }
    sandbox.call(&["get", "A"]).run().says("plain-old-secret-77", "", 0);
    let ran = sandbox.call(&["history", "report", "--html", "-"]).run();
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    sandbox.no_secret_in(&ran.output.stdout);
    let text = ran.stdout();
    assert!(text.contains("<bdi>A</bdi>") && text.contains("printed by get"), "{text}");
    for private in ["sk-live", "secret", "private-note", "issuer.example"] {
        assert!(
            !text
                .replace("holds no secret", "")
                .replace("no secret was", "")
                .replace("Secret since", "")
                .contains(private),
            "{private}"
        );
    }
}

#[test]
fn a_history_that_is_not_whole_has_a_page_that_says_so_first_and_an_exit_code() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    for _ in 0..3 {
        sandbox.call(&["run", "-k", "A", "--", "true"]).run().says("", "", 0);
    }
    let log = sandbox.data("history.log");
    let whole = fs::read(&log).expect("read");
    let begins: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let mut flipped = whole.clone();
    bend(&mut flipped[begins[1] + 40]);
    fs::write(&log, flipped).expect("write");
    let ran = sandbox.call(&["history", "report", "--html", "report.html"]).run();
    let verified = sandbox.call(&["history", "verify"]).run();
    assert!(verified.stderr().starts_with("keyctl: the history is tampered at #3: "), "{}", verified.stderr());
    ran.says(
        "",
        &format!("keyctl: wrote `report.html`: 1 use of 1 key; open it in a browser\n{}", verified.stderr()),
        1,
    );
    let text = fs::read_to_string(sandbox.project().join("report.html")).expect("read");
    assert!(
        text.contains("<p class=\"verdict bad\"><span aria-hidden=\"true\">✕</span> The history is tampered at #3: ")
    );
    assert!(text.contains("<strong>What follows the damage is not counted here.</strong>"));
    fs::write(&log, &whole).expect("write");
    fs::remove_file(sandbox.data("history.head")).expect("remove");
    let ran = sandbox.call(&["history", "report", "--html", "-", "--quiet"]).run();
    assert_eq!(ran.code(), 4, "{}", ran.stderr());
    assert!(
        ran.stdout()
            .contains("<p class=\"verdict warn\"><span aria-hidden=\"true\">?</span> The history is not provable: ")
    );
}

/// Ten weeks with one key used often and one now and then.
fn weeks() -> Sandbox {
    let sandbox = Sandbox::new();
    keep(&sandbox, "openai/dev", "2026-09-14T08:00:00Z", &[]);
    keep(&sandbox, "stripe", "2026-09-14T08:00:00Z", &[]);
    let first = moment("2026-09-14T09:00:00Z").seconds();
    let mut events = Vec::new();
    for day in (0..72).filter(|day| day % 7 < 5) {
        events.extend((0..=day / 10).map(|at| used(first + day * 86_400 + at, "openai/dev", "node", "/shop")));
        if day % 7 == 0 {
            events.push(used(first + day * 86_400, "stripe", "make", "/shop"));
        }
    }
    recorded(&sandbox, events);
    sandbox
}

#[test]
fn since_counts_from_a_day_or_a_while_ago_on() {
    let sandbox = weeks();
    let said = |since: &str| {
        sandbox.call(&["history", "report", "--html", "report.html", "--force", "--since", since]).at(NOW).run()
    };
    for (since, uses) in [
        ("2026-11-23", "17 uses of 2 keys"),
        ("2d", "8 uses of 1 key"),
        ("1y", "222 uses of 2 keys"),
        ("2026-11-24T09:00:05Z", "3 uses of 1 key"),
        ("1999-01-01", "222 uses of 2 keys"),
        ("yesterday", "8 uses of 1 key"),
    ] {
        said(since).says("", &format!("keyctl: wrote `report.html`: {uses}; open it in a browser\n"), 0);
    }
    for (since, why) in [("2027-01-01", "that is still to come"), ("2026-11-31", "there is no such day")] {
        said(since).says("", &format!("keyctl: `--since`: {why}\n"), 2);
    }
    assert_eq!(said("in 6 months").code(), 2);
    let text = fs::read_to_string(sandbox.project().join("report.html")).expect("read");
    assert!(text.contains("<p class=\"when\">24 November 2026 to 25 November 2026; made at 10:00</p>"), "{text}");
    assert!(!text.contains("23 November 2026: "), "a day before the beginning has no number");
}

#[test]
fn the_graph_is_digits_in_a_pipe() {
    let sandbox = weeks();
    sandbox.call(&["history", "--graph"]).at(NOW).run().says(
        "     Mar   Apr     May     Jun       Jul     Aug       Sep     Oct     Nov\n\
         Mon  . . . . . . . . . . . . . . . . . . . . . . . . . . 1 1 2 2 2 3 3 3 4 4 4\n\
         Tue  . . . . . . . . . . . . . . . . . . . . . . . . . . 1 1 1 2 2 2 3 3 3 4 4\n\
         Wed  . . . . . . . . . . . . . . . . . . . . . . . . . . 1 1 1 2 2 2 3 3 3 4 .\n\
         Thu  . . . . . . . . . . . . . . . . . . . . . . . . . . 1 1 1 2 2 2 3 3 3 4\n\
         Fri  . . . . . . . . . . . . . . . . . . . . . . . . . . 1 1 1 2 2 2 3 3 4 4\n\
         Sat  . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . .\n\
         Sun  . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . .\n\
         \x20    . none   1 1-2   2 3-4   3 5-6   4 7-9\n\
         \n\
         222 uses in 37 weeks, from 2026-03-16 to 2026-11-25\n\
         \n\
         KEY         USES  LAST USED   37 WEEKS\n\
         openai/dev   211  2026-11-24  ..........................22345567884\n\
         stripe        11  2026-11-23  ..........................88888888888\n",
        "",
        0,
    );
}

#[test]
fn the_graph_is_blocks_on_a_terminal_that_has_them_and_as_wide_as_that() {
    let mut sandbox = weeks();
    sandbox.variables.push(("WIDTH".into(), "60".into()));
    let words: Vec<String> = [at(NOW), vec!["history".into(), "--graph".into()]].concat();
    on_a_terminal(&sandbox, &words, &[]).says(
        "       Jun       Jul     Aug       Sep     Oct     Nov\n\
         Mon  · · · · · · · · · · · · · · · · ░ ░ ▒ ▒ ▒ ▓ ▓ ▓ █ █ █\n\
         Tue  · · · · · · · · · · · · · · · · ░ ░ ░ ▒ ▒ ▒ ▓ ▓ ▓ █ █\n\
         Wed  · · · · · · · · · · · · · · · · ░ ░ ░ ▒ ▒ ▒ ▓ ▓ ▓ █ ·\n\
         Thu  · · · · · · · · · · · · · · · · ░ ░ ░ ▒ ▒ ▒ ▓ ▓ ▓ █\n\
         Fri  · · · · · · · · · · · · · · · · ░ ░ ░ ▒ ▒ ▒ ▓ ▓ █ █\n\
         Sat  · · · · · · · · · · · · · · · · · · · · · · · · · ·\n\
         Sun  · · · · · · · · · · · · · · · · · · · · · · · · · ·\n\
         \x20    · none   ░ 1-2   ▒ 3-4   ▓ 5-6   █ 7-9\n\
         \n\
         222 uses in 27 weeks, from 2026-05-25 to 2026-11-25\n\
         \n\
         KEY         USES  LAST USED   27 WEEKS\n\
         openai/dev   211  2026-11-24  ················▂▂▃▄▅▅▆▇██▄\n\
         stripe        11  2026-11-23  ················███████████\n",
        0,
    );
    sandbox.variables.push(("LC_ALL".into(), "C".into()));
    let plain = on_a_terminal(&sandbox, &words, &[]);
    assert!(plain.shown.is_ascii() && plain.code == 0, "{}", plain.shown);
}

#[test]
fn the_graph_is_of_the_key_and_the_entries_that_were_asked_about() {
    let sandbox = weeks();
    let graph = |words: &[&str]| sandbox.call(&[&["history", "--graph"], words].concat()).at(NOW).run();
    let drawn = |words: &[&str]| {
        let text = graph(words).stdout();
        let total = text.lines().find(|line| line.contains(" uses in ")).expect("a total").to_owned();
        let keys: Vec<String> =
            text.lines().skip_while(|line| !line.starts_with("KEY")).skip(1).map(str::to_owned).collect();
        (total, keys.iter().map(|line| line.split("  ").next().expect("a name").to_owned()).collect::<Vec<_>>())
    };
    let weeks = "in 37 weeks, from 2026-03-16 to 2026-11-25";
    assert_eq!(drawn(&["stripe"]), (format!("11 uses {weeks}"), vec!["stripe".to_owned()]));
    assert_eq!(drawn(&["--program", "make"]), (format!("11 uses {weeks}"), vec!["stripe".to_owned()]));
    assert_eq!(drawn(&["--since", "2d"]).0, format!("8 uses {weeks}"));
    graph(&["stripe", "--since", "2099-01-01"]).says("", "keyctl: no use is like that\n", 0);
    let unknown = sandbox.call(&["history", "strip"]).at(NOW).run();
    assert_eq!((graph(&["strip"]).stderr(), unknown.code()), (unknown.stderr(), 3));
    assert_eq!((graph(&["strip"]).code(), graph(&["strip"]).stdout().as_str()), (3, ""));
}

#[test]
fn a_graph_of_nothing_says_so_and_cannot_be_json() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    sandbox.call(&["history", "--graph"]).run().says("", "keyctl: no use was recorded yet\n", 0);
    assert_eq!(sandbox.call(&["history", "--graph", "--json"]).run().code(), 2);
}

#[test]
fn a_hostile_name_is_cut_and_escaped_in_the_graph() {
    let sandbox = Sandbox::with(&[("A", "first-secret")]);
    let mut event = used(moment(NOW).seconds(), "A", "node", "/shop");
    event.names = vec![format!("\u{1b}[31m{}", "W".repeat(500))];
    recorded(&sandbox, [event]);
    let ran = sandbox.call(&["history", "--graph"]).at(NOW).run();
    let last = ran.stdout().lines().last().expect("lines").to_owned();
    assert!(last.starts_with("\\u{1b}[31mWWWWWWWWWWWWW…  ") && last.ends_with('8'), "{last}");
    assert!(ran.stdout().lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout());
}

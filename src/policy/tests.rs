//! What is allowed, what is not, and that nothing said beside it allows more.

use std::{collections::BTreeSet, path::PathBuf};

use proptest::prelude::*;

use super::*;
use crate::store::limits::bench::{FOLDERS, PROGRAMS, any_limits};

const HERE: Use<'static> =
    Use { program: None, folder: None, has_terminal: true, is_agent: false, is_seen: true, by_proxy: false };

fn only(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

fn by<'u>(program: &'u str, folder: &'u str) -> Use<'u> {
    Use { program: Some(Path::new(program)), folder: Some(Path::new(folder)), ..HERE }
}

fn refused(limits: &Limits, wanted: &Use) -> Vec<Limit> {
    match judge(limits, wanted) {
        Verdict::Refused(limits) => limits,
        _ => Vec::new(),
    }
}

#[test]
fn a_project_is_its_folder_and_all_below_it() {
    let limits = Limits { projects: Some(only(&["/work/shop", "/play"])), ..Limits::default() };
    for (folder, is_allowed) in [
        ("/work/shop", true),
        ("/work/shop/api", true),
        ("/play/x", true),
        ("/work/shops", false),
        ("/work", false),
        ("/", false),
    ] {
        assert_eq!(judge(&limits, &by("/bin/x", folder)) == Verdict::Allowed, is_allowed, "{folder}");
    }
    assert_eq!(refused(&limits, &HERE), [Limit::Project], "a folder that is gone");
    let nowhere = Limits { projects: Some(only(&[])), ..Limits::default() };
    assert_eq!(refused(&nowhere, &by("/bin/x", "/")), [Limit::Project]);
}

#[test]
fn what_is_for_programs_is_shown_to_nobody() {
    let limits = Limits { programs: Some(only(&["/usr/bin/gh"])), ..Limits::default() };
    assert_eq!(judge(&limits, &by("/usr/bin/gh", "/")), Verdict::Allowed);
    for wanted in [by("/usr/bin/ghx", "/"), by("/usr/bin", "/"), by("gh", "/"), HERE] {
        assert_eq!(refused(&limits, &wanted), [Limit::Program]);
    }
    let proxy = Limits { proxy_only: true, ..Limits::default() };
    assert_eq!(refused(&proxy, &by("/bin/x", "/")), [Limit::Proxy]);
    assert_eq!(refused(&proxy, &HERE), [Limit::Proxy]);
    assert_eq!(judge(&proxy, &Use { by_proxy: true, is_seen: false, ..by("/bin/x", "/") }), Verdict::Allowed);
}

#[test]
fn a_yes_is_asked_for_where_somebody_is_and_an_agent_is_shown_nothing() {
    let (asks, terminal) = (Limits { ask: true, ..Limits::default() }, Limits { terminal: true, ..Limits::default() });
    let alone = |wanted| Use { has_terminal: false, ..wanted };
    let agent = |wanted| Use { is_agent: true, ..wanted };
    let run = by("/bin/x", "/");
    assert_eq!([judge(&asks, &run), judge(&asks, &HERE), judge(&asks, &agent(run))], [const { Verdict::Asked }; 3]);
    assert_eq!(refused(&asks, &agent(HERE)), [Limit::Agent]);
    assert_eq!(refused(&asks, &alone(run)), [Limit::Ask]);
    assert_eq!(refused(&asks, &alone(agent(HERE))), [Limit::Ask, Limit::Agent]);
    assert_eq!([judge(&terminal, &run), judge(&terminal, &agent(HERE))], [Verdict::Allowed, Verdict::Allowed]);
    assert_eq!(refused(&terminal, &alone(run)), [Limit::Terminal]);
}

#[test]
fn what_is_hidden_from_agents_is_given_where_none_can_see_it() {
    let hidden = Limits { hide_from_agents: true, ..Limits::default() };
    let (masked, agent) = (|wanted| Use { is_seen: false, ..wanted }, |wanted| Use { is_agent: true, ..wanted });
    let run = by("/bin/x", "/");
    for wanted in [HERE, run, masked(run), agent(masked(run))] {
        assert_eq!(judge(&hidden, &wanted), Verdict::Allowed);
    }
    assert_eq!([refused(&hidden, &agent(HERE)), refused(&hidden, &agent(run))], [[Limit::Hidden]; 2]);
}

#[test]
fn every_limit_that_keeps_it_back_is_said() {
    let limits = Limits {
        projects: Some(only(&["/a"])),
        programs: Some(only(&["/bin/x"])),
        terminal: true,
        ask: true,
        ..Limits::default()
    };
    let wanted = Use { has_terminal: false, ..by("/bin/y", "/d") };
    assert_eq!(refused(&limits, &wanted), [Limit::Project, Limit::Program, Limit::Terminal, Limit::Ask]);
}

prop_compose! {
    fn any_use()(
        program in prop::option::of(prop::sample::select(PROGRAMS)),
        folder in prop::option::of(prop::sample::select(FOLDERS)),
        has_terminal: bool,
        is_agent: bool,
        is_seen: bool,
    ) -> (Option<PathBuf>, Option<PathBuf>, bool, bool, bool) {
        (program.map(PathBuf::from), folder.map(PathBuf::from), has_terminal, is_agent, is_seen)
    }
}

/// How strict a verdict is: nothing, a yes, never.
fn strictness(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Allowed => 0,
        Verdict::Asked => 1,
        Verdict::Refused(_) => 2,
    }
}

proptest! {
    #[test]
    fn adding_a_limit_never_allows_more(one in any_limits(), other in any_limits(), (program, folder, has_terminal, is_agent, is_seen) in any_use()) {
        let wanted = Use { program: program.as_deref(), folder: folder.as_deref(), has_terminal, is_agent, is_seen, by_proxy: false };
        let each = strictness(&judge(&one, &wanted)).max(strictness(&judge(&other, &wanted)));
        let together = strictness(&judge(&one.and(&other), &wanted));
        prop_assert_eq!(together, each, "said in one place it is as strict as said in two");
    }

    #[test]
    fn what_is_not_looser_allows_nothing_more(before in any_limits(), after in any_limits(), (program, folder, has_terminal, is_agent, is_seen) in any_use()) {
        let wanted = Use { program: program.as_deref(), folder: folder.as_deref(), has_terminal, is_agent, is_seen, by_proxy: false };
        if !after.are_looser_than(&before) {
            prop_assert!(strictness(&judge(&after, &wanted)) >= strictness(&judge(&before, &wanted)));
        }
        prop_assert_eq!(judge(&Limits::default(), &wanted), Verdict::Allowed);
    }
}

//! What has to change in a shell: what it has of keyctl's against what it is to have, variable by variable.
//!
//! What the user has set, or taken away, since keyctl gave it is theirs, for as long as the shell stands there and when it
//! leaves. What an outer `keyctl run` or `keyctl shell` has given was asked for by name, and stays too.

use zeroize::Zeroizing;

use super::{
    answer::Step,
    state::{Mark, State},
};
use crate::{name::VariableName, secret::Secret};

/// What has to change.
pub struct Changes<'g> {
    /// What the shell is to do.
    pub steps: Vec<Step<'g>>,
    /// The variables that get a value that they do not have yet.
    pub fresh: Vec<VariableName>,
    /// What the shell has of keyctl's then.
    pub given: Vec<(VariableName, Mark)>,
    /// The variables that an outer command or keyctl itself has given then.
    pub injected: Vec<String>,
}

impl Changes<'_> {
    /// None: the shell keeps what it has.
    #[must_use]
    pub fn none(before: &State, outer: Vec<String>) -> Self {
        Self { steps: Vec::new(), fresh: Vec::new(), given: before.given.clone(), injected: outer }
    }
}

/// Compares what the shell has, by its state and its environment, with what it is to have. `outer` are the variables that
/// some keyctl has given, this shell's included; `next` makes the marks.
pub fn between<'g>(
    before: &'g State,
    next: &State,
    given: &'g [(VariableName, Secret)],
    outer: &[String],
    value: impl Fn(&VariableName) -> Option<Zeroizing<Vec<u8>>>,
) -> Changes<'g> {
    let is_ours = |name: &VariableName| before.of(name).is_some();
    let names = |name: &&String| !before.given.iter().any(|(ours, _)| ours.as_str() == name.as_str());
    let injected: Vec<String> = outer.iter().filter(names).cloned().collect();
    let mut changes = Changes { steps: Vec::new(), fresh: Vec::new(), given: Vec::new(), injected };
    let has_changed = |name: &VariableName, mark| value(name).is_none_or(|value| before.mark(&value) != mark);
    let is_wanted = |name: &VariableName| given.iter().any(|(wanted, _)| wanted == name);
    for (name, mark) in &before.given {
        if !is_wanted(name) && !has_changed(name, *mark) {
            changes.steps.push(Step::Back(name));
        }
    }
    for (name, secret) in given {
        let of_outer = !is_ours(name) && changes.injected.iter().any(|other| other == name.as_str());
        if of_outer {
            continue;
        }
        let mark = match before.of(name) {
            Some(mark) if has_changed(name, mark) => mark,
            _ => next.mark_of(secret),
        };
        if before.of(name).is_none() {
            changes.steps.push(Step::Keep(name, value(name).is_some()));
        }
        if before.of(name) != Some(mark) {
            changes.steps.push(Step::Give(name, secret));
            changes.fresh.push(name.clone());
        }
        changes.given.push((name.clone(), mark));
        changes.injected.push(name.to_string());
    }
    changes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A shell: its variables, its state, and what it remembers.
    #[derive(Default)]
    struct Shell {
        variables: BTreeMap<String, String>,
        was: BTreeMap<String, Option<String>>,
        state: State,
        injected: Vec<String>,
    }

    impl Shell {
        fn stands_where(&mut self, wanted: &[(&str, &str)]) -> Vec<String> {
            let given: Vec<(VariableName, Secret)> = wanted
                .iter()
                .map(|(name, value)| (name.parse().expect("good"), Secret::new(value.as_bytes().to_vec())))
                .collect();
            let before = self.state.clone();
            let mut next = before.next(None, None).expect("random");
            let value =
                |name: &VariableName| self.variables.get(name.as_str()).map(|value| value.clone().into_bytes().into());
            let changes = between(&before, &next, &given, &self.injected, value);
            for step in &changes.steps {
                match step {
                    Step::Keep(name, _) => {
                        self.was.insert(name.to_string(), self.variables.get(name.as_str()).cloned());
                    }
                    Step::Give(name, value) => {
                        let text = value.expose_text().expect("text").to_owned();
                        self.variables.insert(name.to_string(), text);
                    }
                    Step::Back(name) => match self.was.remove(name.as_str()).flatten() {
                        Some(was) => drop(self.variables.insert(name.to_string(), was)),
                        None => drop(self.variables.remove(name.as_str())),
                    },
                    Step::Remove(_) => {}
                }
            }
            let Changes { given, injected, fresh, .. } = changes;
            next.given = given;
            (self.state, self.injected) = (next, injected);
            fresh.iter().map(ToString::to_string).collect()
        }

        fn set(&mut self, name: &str, value: &str) {
            self.variables.insert(name.to_owned(), value.to_owned());
        }

        fn has(&self, pairs: &[(&str, &str)]) {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(self.variables, pairs);
        }
    }

    #[test]
    fn variables_come_and_go_and_what_was_there_before_comes_back() {
        let mut shell = Shell::default();
        shell.set("A", "mine");
        assert_eq!(shell.stands_where(&[("A", "1"), ("B", "2")]), ["A", "B"]);
        shell.has(&[("A", "1"), ("B", "2")]);
        assert!(shell.stands_where(&[("A", "1"), ("B", "2")]).is_empty());
        assert_eq!(shell.stands_where(&[("A", "1"), ("B", "3")]), ["B"]);
        // Another project wants one of them too.
        assert_eq!(shell.stands_where(&[("A", "4"), ("C", "5")]), ["A", "C"]);
        shell.has(&[("A", "4"), ("C", "5")]);
        shell.stands_where(&[]);
        shell.has(&[("A", "mine")]);
        assert!(shell.injected.is_empty() && shell.state.text().is_empty());
    }

    #[test]
    fn what_the_user_has_changed_meanwhile_is_theirs() {
        let mut shell = Shell::default();
        shell.stands_where(&[("A", "1"), ("B", "2"), ("C", "3")]);
        shell.set("A", "theirs");
        shell.variables.remove("B");
        assert_eq!(shell.stands_where(&[("A", "4"), ("B", "5"), ("C", "6")]), ["C"]);
        shell.has(&[("A", "theirs"), ("C", "6")]);
        shell.stands_where(&[]);
        shell.has(&[("A", "theirs")]);
    }

    #[test]
    fn what_an_outer_command_has_given_stays() {
        let mut shell = Shell { injected: vec!["A".to_owned()], ..Shell::default() };
        shell.set("A", "prod");
        assert_eq!(shell.stands_where(&[("A", "dev"), ("B", "2")]), ["B"]);
        shell.has(&[("A", "prod"), ("B", "2")]);
        assert_eq!(shell.injected, ["A", "B"]);
        shell.stands_where(&[]);
        shell.has(&[("A", "prod")]);
        assert_eq!(shell.injected, ["A"]);
    }

    #[test]
    fn a_shell_that_was_started_inside_has_nothing_to_bring_back() {
        let mut outer = Shell::default();
        outer.set("A", "mine");
        outer.stands_where(&[("A", "1")]);
        let mut inner = Shell { was: BTreeMap::new(), ..outer };
        assert!(inner.stands_where(&[("A", "1")]).is_empty());
        inner.stands_where(&[]);
        inner.has(&[]);
    }
}

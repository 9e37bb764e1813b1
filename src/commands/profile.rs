//! `keyctl profile`: which profiles there are, and which key becomes which variable. Opens no store.

use std::{collections::BTreeMap, process::ExitCode};

use serde_json::{Value, json};

use crate::{
    cli::{self, ProfileVerb},
    config::{self, Config},
    home::Home,
    name::ProfileName,
    profile::{self, Origin},
    terminal::{Terminal, count},
};

use super::project::{self, Project};

/// Does what the verb says.
///
/// # Errors
/// As project and profile have them.
pub fn profile(arguments: cli::Profile, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let home = Home::find()?;
    let config = config::read(&home)?;
    let project = project::find(&home, None, Some(terminal))?;
    match arguments.verb {
        ProfileVerb::List(report) => list(project.as_ref(), &config, report.json, terminal)?,
        ProfileVerb::Show { profile, json } => show(profile.as_ref(), project.as_ref(), &config, json, terminal)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of all profiles, for completion.
#[must_use]
pub fn names(project: Option<&Project>, config: &Config) -> Vec<String> {
    all(project, config).into_keys().map(|name| name.to_string()).collect()
}

/// Each profile with where it is from and how many variables it says itself. The user's own come before the project's.
fn all(project: Option<&Project>, config: &Config) -> BTreeMap<ProfileName, (&'static str, usize)> {
    let of_project = project
        .iter()
        .flat_map(|project| &project.file.profiles.0)
        .map(|(name, profile)| (name.clone(), ("project", profile.env.len())));
    let of_user = config.profiles.0.iter().map(|(name, profile)| (name.clone(), ("config", profile.env.len())));
    of_project.chain(of_user).collect()
}

fn list(project: Option<&Project>, config: &Config, as_json: bool, terminal: &Terminal) -> anyhow::Result<()> {
    let all = all(project, config);
    if as_json {
        let profiles: Vec<Value> = all
            .iter()
            .map(|(name, (from, own))| json!({ "name": name.as_str(), "from": from, "variables": own }))
            .collect();
        terminal.json(&profiles.into())?;
        return Ok(());
    }
    if all.is_empty() {
        terminal.say("there are no profiles here");
        terminal.hint("make a project's with `keyctl init`");
        return Ok(());
    }
    let mut rows = vec![["PROFILE", "FROM", "ITS OWN"].map(str::to_owned).to_vec()];
    rows.extend(
        all.into_iter().map(|(name, (from, own))| vec![name.to_string(), from.to_owned(), count(own, "variable")]),
    );
    terminal.table(&rows, &[])?;
    Ok(())
}

fn show(
    name: Option<&ProfileName>,
    project: Option<&Project>,
    config: &Config,
    as_json: bool,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let profiles = project.map(|project| &project.file.profiles);
    let wanted = profile::resolve(name, profiles, &config.profiles, &[], &[])?;
    if as_json {
        let variables: Vec<Value> = wanted
            .iter()
            .map(|wanted| {
                let from = if wanted.origin == Origin::Project { "project" } else { "config" };
                let mut said = project::as_json(&wanted.grant.source);
                said["variable"] = wanted.grant.variable.as_str().into();
                said["from"] = from.into();
                said
            })
            .collect();
        terminal.json(&variables.into())?;
        return Ok(());
    }
    let mut rows = vec![["VARIABLE", "IS", "FROM"].map(str::to_owned).to_vec()];
    rows.extend(wanted.iter().map(|wanted| {
        let from = if wanted.origin == Origin::Project { "project" } else { "config" };
        vec![wanted.grant.variable.to_string(), wanted.grant.source.to_string(), from.to_owned()]
    }));
    terminal.table(&rows, &[])?;
    Ok(())
}

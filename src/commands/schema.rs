//! `keyctl schema`: what the files and the reports look like, for editors and programs.

use std::process::ExitCode;

use crate::{
    cli,
    failure::{Failure, Kind},
    schema,
    terminal::Terminal,
};

/// Prints one schema, or the names of all.
///
/// # Errors
/// `Usage` for a name that there is none of; when standard output cannot be written.
pub fn schema(arguments: &cli::Schema, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if let Some(name) = &arguments.name {
        let Some(schema) = schema::of(name) else { return Err(unknown().into()) };
        terminal.json(&schema)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["NAME", "OF"].map(str::to_owned).to_vec()];
    rows.extend(schema::FILES.iter().map(|(name, of)| vec![(*name).to_owned(), (*of).to_owned()]));
    let report = |name: String| {
        let of = format!("`keyctl {} --json`", schema::command(&name));
        vec![name, of]
    };
    rows.extend(schema::reports().into_iter().map(report));
    terminal.table(&rows, &[])?;
    Ok(ExitCode::SUCCESS)
}

fn unknown() -> Failure {
    Failure::new(Kind::Usage, "there is no schema of that name").hint("see which there are: `keyctl schema`")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn each_report_is_listed_as_it_is_typed() {
        let mut root = crate::cli::Cli::command();
        root.build();
        for name in crate::schema::reports() {
            let words = crate::schema::command(&name);
            let found = words.split(' ').try_fold(&root, |command, word| command.find_subcommand(word));
            let has_json = |command: &clap::Command| {
                command.get_opts().chain(command.get_arguments()).any(|it| it.get_long() == Some("json"))
            };
            assert!(found.is_some_and(has_json), "{words}");
        }
    }
}

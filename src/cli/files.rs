//! What a command gets as files, and templates: options of `run`, and `render`.

use std::{convert::Infallible, ffi::OsString, path::PathBuf};

use clap::{Args, ValueHint, builder::TypedValueParser};

use super::{Choice, parse_extra, path_parser};
use crate::{
    home,
    name::{KeyPath, VariableName},
    profile::{FORMS, Form},
};

/// What `run` gives as files.
#[derive(Args, Default)]
pub struct Files {
    /// Give a key as a file, whose path is in this variable
    #[arg(long = "file", value_name = "VARIABLE=KEY", value_parser = parse_extra)]
    pub files: Vec<(VariableName, KeyPath)>,
    /// Fill in a template and give it as a file, by this variable or `KEYCTL_RENDERED`
    #[arg(long, value_name = "VARIABLE=FILE", value_parser = template_parser(), value_hint = ValueHint::FilePath)]
    pub render: Vec<ToRender>,
    /// How these files are given: without a name, as a descriptor, or with a name
    #[arg(long = "as", value_name = "FORM", value_parser = form_parser())]
    pub form: Option<Form>,
}

impl Files {
    /// How they are given: without a name where nothing is said.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form.unwrap_or(Form::File)
    }
}

/// A template, and the variable for the path of what it comes to.
#[derive(Debug, Clone)]
pub struct ToRender {
    /// The variable, if one was named.
    pub variable: Option<VariableName>,
    /// The template.
    pub file: PathBuf,
}

/// `keyctl render`
#[derive(Args)]
#[command(
    after_help = "In a template `{{ keyctl \"NAME\" | FILTER }}` is the place of a key, or of one of this profile's variables. Filters:\n  base64, base64url, hex, json (with quotes), shell (with quotes), trim, url\nEverything else stays as it is, other braces too."
)]
pub struct Render {
    /// The template
    #[arg(value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Which keys
    #[command(flatten)]
    pub choice: Choice,
    /// Write it to this file, readable by you alone, instead of standard output
    #[arg(long, short = 'o', value_name = "FILE", value_parser = path_parser(), value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Show it on this screen without asking
    #[arg(long)]
    pub show: bool,
}

fn form_parser() -> impl TypedValueParser<Value = Form> {
    clap::builder::PossibleValuesParser::new(FORMS.map(|(word, _)| word))
        .map(|word| word.parse().expect("one of the words"))
}

/// `VARIABLE=FILE`, or a file alone: what stands before the first `=` is a variable if it can be one.
fn template_parser() -> impl TypedValueParser<Value = ToRender> {
    clap::builder::OsStringValueParser::new().try_map(|text: OsString| {
        let split = text.to_str().and_then(|text| {
            let (variable, file) = text.split_once('=')?;
            Some((variable.parse::<VariableName>().ok()?, file))
        });
        Ok::<_, Infallible>(match split {
            Some((variable, file)) => ToRender { variable: Some(variable), file: home::from_user(file.into()) },
            None => ToRender { variable: None, file: home::from_user(text.into()) },
        })
    })
}

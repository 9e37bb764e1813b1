//! The user's AWS files, `~/.aws/config` and `~/.aws/credentials`, and what a profile of them leads to: an access key, a role that another
//! profile's credentials assume, a login of `aws sso login`, a program that prints credentials. ("Shared config and credentials
//! files", AWS SDKs and Tools Reference Guide.)

use std::{path::Path, process::Stdio, time::Instant};

use zeroize::Zeroizing;

use super::{credentials::Credentials, machine::Machine, sso, sts::Sts};
use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    home,
    json::Members,
    name::SourceName,
    platform,
    secret::Secret,
    source::failure,
    subprocess::Program,
};

/// The most bytes of one file.
pub(super) const LARGEST: usize = 1024 * 1024;
/// The most profiles that one may lead through.
const DEEPEST: usize = 5;

/// What stands in both files.
#[derive(Default)]
pub(super) struct Profiles {
    sections: Vec<Section>,
}

#[derive(PartialEq, Eq)]
enum Part {
    Profile,
    SsoSession,
}

struct Section {
    kind: Part,
    name: String,
    fields: Vec<(String, Zeroizing<String>)>,
}

/// The fields of a profile, or of a login's session.
pub(super) struct Fields<'p>(Vec<&'p Section>);

impl<'p> Fields<'p> {
    /// A field's text; that of `credentials` comes before that of `config`.
    pub(super) fn get(&self, name: &str) -> Option<&'p str> {
        let mut all = self.0.iter().flat_map(|section| section.fields.iter().rev());
        all.find(|(other, _)| other == name).map(|(_, text)| text.as_str()).filter(|text| !text.is_empty())
    }
}

impl Profiles {
    /// Reads both files, as far as they are there.
    ///
    /// # Errors
    /// `Disk` where one cannot be read, or others may change it: it may name programs.
    pub(super) fn read(name: &SourceName, home: &Path) -> Result<Self> {
        let mut profiles = Self::default();
        for (file, of_credentials) in [("credentials", true), ("config", false)] {
            let path = home.join(".aws").join(file);
            let Some((bytes, facts)) = home::read(&path, LARGEST)? else { continue };
            let bytes = Zeroizing::new(bytes);
            let access = platform::access(&facts);
            if access.writable_by_others || access.by_other && !access.by_root {
                let what = format!("source `{name}`: other users may change `{}`", path.display());
                return Err(Failure::new(Kind::Disk, what)
                    .hint(format!("look at what it says, then run {}", platform::how_to_make_private(&path, false))));
            }
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Failure::new(Kind::Disk, format!("source `{name}`: `{}` is no text", path.display())))?;
            profiles.add(text, of_credentials);
        }
        Ok(profiles)
    }

    /// Adds what stands in a file. Lines that are none of its grammar count for nothing, as for AWS's own tools.
    fn add(&mut self, text: &str, of_credentials: bool) {
        let mut is_open = false;
        for line in text.lines() {
            let line = line.trim_end();
            if line.trim_start().is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let section = rest.split(']').next().and_then(|title| section(title, of_credentials));
                is_open = section.is_some();
                self.sections.extend(section);
                continue;
            }
            // What is indented goes on with the field above, as nested settings do; none of those is read here.
            if line.starts_with([' ', '\t']) || !is_open {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else { continue };
            let value = without_comment(value.trim()).to_owned();
            if let Some(section) = self.sections.last_mut() {
                section.fields.push((name.trim().to_ascii_lowercase(), value.into()));
            }
        }
    }

    fn of(&self, kind: &Part, name: &str) -> Option<Fields<'_>> {
        let found: Vec<&Section> =
            self.sections.iter().filter(|section| section.kind == *kind && section.name == name).collect();
        (!found.is_empty()).then_some(Fields(found))
    }

    /// What a profile leads to that stands in neither file: the token of a login, that of a web identity. Nothing where it is not to
    /// be had, and where only a machine could tell.
    pub(super) fn kept_elsewhere(&self, profile: &str, home: &Path, now: Moment) -> Option<Vec<Secret>> {
        let (mut found, mut profile) = (Vec::new(), profile);
        // Whatever it has counts, also what another of its fields comes before.
        for _ in 0..DEEPEST {
            let Some(fields) = self.of(&Part::Profile, profile) else { return Some(found) };
            if fields.get("credential_source").is_some() {
                return None;
            }
            if let Some(path) = fields.get("web_identity_token_file") {
                let path = Some(Path::new(path)).filter(|path| path.is_absolute())?;
                let (bytes, _) = home::read(path, LARGEST).ok()??;
                found.push(Secret::new(bytes));
            }
            if fields.get("sso_account_id").is_some() || fields.get("sso_session").is_some() {
                found.push(sso::token_of(self, &fields, home, now)?);
            }
            match fields.get("source_profile").filter(|other| *other != profile) {
                Some(other) => profile = other,
                None => return Some(found),
            }
        }
        None
    }

    /// A session of `aws sso login`.
    pub(super) fn session(&self, name: &str) -> Option<Fields<'_>> {
        self.of(&Part::SsoSession, name)
    }
}

fn section(title: &str, of_credentials: bool) -> Option<Section> {
    let title = title.trim();
    let (kind, name) = match title.split_once([' ', '\t']) {
        _ if of_credentials => (Part::Profile, title),
        Some(("profile", name)) => (Part::Profile, name),
        Some(("sso-session", name)) => (Part::SsoSession, name),
        None if title == "default" => (Part::Profile, title),
        _ => return None,
    };
    let name = name.trim().trim_matches('"').to_owned();
    Some(Section { kind, name, fields: Vec::new() })
}

/// A value without what is behind a space and `#` or `;`.
fn without_comment(value: &str) -> &str {
    let starts = value.char_indices().filter(|(_, letter)| ['#', ';'].contains(letter)).map(|(at, _)| at);
    let cut = starts.filter(|at| value[..*at].ends_with([' ', '\t'])).min();
    value[..cut.unwrap_or(value.len())].trim_end()
}

/// Follows a profile to its credentials.
pub(super) struct Finding<'f> {
    pub(super) profiles: &'f Profiles,
    pub(super) sts: &'f Sts,
    pub(super) machine: &'f Machine<'f>,
    pub(super) home: &'f Path,
    pub(super) now: Moment,
}

impl Finding<'_> {
    /// The credentials of a profile; none where there is no such profile.
    ///
    /// # Errors
    /// `Remote` and others where there is one, and it leads to none.
    pub(super) fn credentials(&self, profile: &str) -> Result<Option<Credentials>> {
        let Some(fields) = self.profiles.of(&Part::Profile, profile) else { return Ok(None) };
        self.follow(profile, &fields, &mut vec![profile.to_owned()]).map(Some)
    }

    fn follow(&self, profile: &str, fields: &Fields, through: &mut Vec<String>) -> Result<Credentials> {
        if let Some(arn) = fields.get("role_arn") {
            return self.of_role(profile, fields, arn, through);
        }
        if fields.get("sso_account_id").is_some() || fields.get("sso_session").is_some() {
            return sso::credentials(self, profile, fields);
        }
        if let Some(credentials) = self.of_key(fields)? {
            return Ok(credentials);
        }
        if let Some(command) = fields.get("credential_process") {
            return self.of_process(profile, command);
        }
        Err(self.wrong(profile, "names no credentials"))
    }

    /// The access key that stands in the profile itself.
    fn of_key(&self, fields: &Fields) -> Result<Option<Credentials>> {
        let secret = |name: &str| fields.get(name).map(|text| Secret::new(text.as_bytes().to_vec()));
        let (Some(id), Some(key)) = (secret("aws_access_key_id"), secret("aws_secret_access_key")) else {
            return Ok(None);
        };
        Credentials::new(self.machine.name, &id, key, secret("aws_session_token"), None).map(Some)
    }

    fn of_role(&self, profile: &str, fields: &Fields, arn: &str, through: &mut Vec<String>) -> Result<Credentials> {
        let (session, external) = (fields.get("role_session_name"), fields.get("external_id"));
        if fields.get("mfa_serial").is_some() {
            return Err(self
                .wrong(profile, "assumes its role with a code of a second factor, which nobody can be asked for here")
                .hint("name a profile whose credentials are for a time, such as one that `aws sts get-session-token` filled"));
        }
        if let Some(path) = fields.get("web_identity_token_file") {
            let token = self.machine.token_file(Path::new(path))?;
            return self.sts.assume_with_web_identity(&token, arn, session, self.machine.until);
        }
        let base = match (fields.get("source_profile"), fields.get("credential_source")) {
            (Some(other), None) => self.of_source_profile(profile, fields, other, through)?,
            (None, Some("Ec2InstanceMetadata")) => self.given(profile, self.machine.instance()?, "a machine of EC2")?,
            (None, Some("EcsContainer")) => self.given(profile, self.machine.container()?, "a container")?,
            (None, Some("Environment")) => {
                return Err(self
                    .wrong(profile, "takes credentials from the environment, which a repository may set")
                    .hint(
                        "write `credentials = \"environment\"` and `role` into the source's table, if that is meant",
                    ));
            }
            _ => {
                return Err(
                    self.wrong(profile, "has to name either `source_profile` or `credential_source` for its role")
                );
            }
        };
        self.sts.assume(&base, arn, external, session, fields.get("duration_seconds"), self.machine.until)
    }

    fn of_source_profile(
        &self,
        profile: &str,
        fields: &Fields,
        other: &str,
        through: &mut Vec<String>,
    ) -> Result<Credentials> {
        // A profile may assume a role with its own access key.
        if other == profile {
            return self
                .of_key(fields)?
                .ok_or_else(|| self.wrong(profile, "is its own `source_profile`, and has no key"));
        }
        if through.iter().any(|it| it == other) || through.len() == DEEPEST {
            return Err(self.wrong(profile, "leads in a circle, or through too many profiles"));
        }
        through.push(other.to_owned());
        let fields = self.profiles.of(&Part::Profile, other);
        let fields =
            fields.ok_or_else(|| self.wrong(profile, &format!("names a profile that is not there, `{other}`")))?;
        self.follow(other, &fields, through)
    }

    fn given(&self, profile: &str, found: Option<Credentials>, of: &str) -> Result<Credentials> {
        found.ok_or_else(|| self.wrong(profile, &format!("takes the credentials of {of}, and this is none")))
    }

    /// A program that prints credentials, started without a shell.
    fn of_process(&self, profile: &str, command: &str) -> Result<Credentials> {
        let name = self.machine.name;
        let words =
            words(command).ok_or_else(|| self.wrong(profile, "has a `credential_process` with an open quote"))?;
        let of_source = |mut failed: Failure| {
            failed.message = format!("source `{name}`: {}", failed.message);
            failed
        };
        let program = Program::find(&words, "credential process").map_err(of_source)?;
        let left = self.machine.until.saturating_duration_since(Instant::now());
        let output = program.succeed(Zeroizing::default(), Stdio::piped(), left).map_err(of_source)?;
        let members = Members::read(&output).filter(|members| members.number("Version") == Some(1));
        let names = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"];
        let found = members.map(|members| Credentials::of_json(name, &members, names)).transpose()?.flatten();
        found.ok_or_else(|| {
            self.wrong(profile, "has a `credential_process` that prints no credentials of `\"Version\": 1`")
        })
    }

    /// A failure of a profile.
    pub(super) fn wrong(&self, profile: &str, what: &str) -> Failure {
        failure(self.machine.name, &format!("the AWS profile `{profile}` {what}"))
    }
}

/// A command's words, as a POSIX shell splits them and does nothing else; nothing where a quote stays open.
fn words(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        letter => word.push(letter),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        '\\' => match letters.next()? {
                            letter @ ('"' | '\\' | '$' | '`') => word.push(letter),
                            letter => word.extend(['\\', letter]),
                        },
                        letter => word.push(letter),
                    }
                }
            }
            // A path of Windows has them as they are.
            '\\' if cfg!(unix) => word.get_or_insert_default().push(letters.next()?),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(credentials: &str, config: &str) -> Profiles {
        let mut profiles = Profiles::default();
        profiles.add(credentials, true);
        profiles.add(config, false);
        profiles
    }

    #[test]
    fn both_files_are_read_as_the_tools_of_aws_read_them() {
        let credentials = "# a comment\n[default]\naws_access_key_id = AKIAONE\n[work]\nAWS_ACCESS_KEY_ID=AKIATWO\n\
                           aws_secret_access_key = a=b/c+d== \n[profile x]\na = 1\n";
        let config = "[default]\nregion = eu-west-1 # here\n[profile work]\nrole_arn = arn:aws:iam::1:role/r\ns3 =\n  \
                      max_queue = 10\n; c\nrole_arn = arn:aws:iam::1:role/last\n[work]\nrole_arn = no\n\
                      [profile \"with space\"]\nregion = x;y\n[sso-session corp]\nsso_region = us-east-1\n[services s]\nk = v\n[broken\nm = n\n";
        let profiles = profiles(credentials, config);
        let get = |profile: &str, field: &str| {
            profiles.of(&Part::Profile, profile).and_then(|fields| fields.get(field).map(str::to_owned))
        };
        assert_eq!(get("default", "aws_access_key_id").as_deref(), Some("AKIAONE"));
        assert_eq!(get("default", "region").as_deref(), Some("eu-west-1"));
        assert_eq!(get("work", "aws_access_key_id").as_deref(), Some("AKIATWO"));
        assert_eq!(get("work", "aws_secret_access_key").as_deref(), Some("a=b/c+d=="));
        assert_eq!(get("work", "role_arn").as_deref(), Some("arn:aws:iam::1:role/last"));
        assert_eq!(get("with space", "region").as_deref(), Some("x;y"));
        assert_eq!((get("work", "max_queue"), get("x", "a"), get("s", "k")), (None, None, None));
        let session = profiles.session("corp").and_then(|fields| fields.get("sso_region"));
        assert_eq!(session, Some("us-east-1"));
    }

    #[test]
    fn a_command_is_split_as_a_shell_splits_it_and_nothing_else_is_done_with_it() {
        for (command, wanted) in [
            ("/opt/p --x 'a b' \"c d\"", vec!["/opt/p", "--x", "a b", "c d"]),
            ("p '' \"$HOME\" $(id) `id` ; a|b", vec!["p", "", "$HOME", "$(id)", "`id`", ";", "a|b"]),
            ("p \"a\\\"b\\n\" c''d", vec!["p", "a\"b\\n", "cd"]),
            ("  ", vec![]),
        ] {
            assert_eq!(words(command).as_deref(), Some(&*wanted.iter().map(ToString::to_string).collect::<Vec<_>>()));
        }
        for open in ["p 'a", "p \"a", "p \"a\\"] {
            assert_eq!(words(open), None);
        }
    }

    #[test]
    fn whose_a_profiles_credentials_are_is_told_by_all_that_it_leads_to() {
        let home = tempfile::tempdir().expect("folder");
        let (cache, token) = (home.path().join(".aws/sso/cache"), home.path().join("token"));
        std::fs::create_dir_all(&cache).expect("make");
        let config = format!(
            "[profile login]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n\
             [sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n\
             [profile web]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = {}\n\
             [profile beyond]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = login\n\
             [profile machine]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Ec2InstanceMetadata\n\
             [profile behind]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = machine\n\
             [profile circle]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = other\n\
             [profile other]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = circle\n\
             [profile plain]\naws_access_key_id = AKIAONE\n",
            token.display()
        );
        let profiles = profiles("", &config);
        let found = |profile: &str| {
            let found = profiles.kept_elsewhere(profile, home.path(), Moment::now())?;
            Some(found.iter().map(|secret| secret.expose_text().expect("text").to_owned()).collect::<Vec<_>>())
        };
        // Nobody is logged in: then it is nobody's, and nothing that was kept is of it.
        assert_eq!(["login", "beyond", "web"].map(found), [None, None, None]);
        let log_in = |who: &str| {
            let text = format!(
                "{{\"startUrl\":\"https://corp.awsapps.com/start\",\"region\":\"eu-west-1\",\"accessToken\":\"token-of-{who}\",\
                 \"expiresAt\":\"2999-01-01T00:00:00Z\"}}"
            );
            std::fs::write(cache.join("1f.json"), text).expect("write");
            std::fs::write(&token, format!("jwt-of-{who}")).expect("write");
        };
        for who in ["one", "two"] {
            log_in(who);
            assert_eq!(found("login"), Some(vec![format!("token-of-{who}")]));
            assert_eq!(found("beyond"), Some(vec![format!("token-of-{who}")]));
            assert_eq!(found("web"), Some(vec![format!("jwt-of-{who}")]));
        }
        // Of a machine it is not known before it is asked.
        assert_eq!(["machine", "behind", "circle"].map(found), [None, None, None]);
        assert_eq!(found("plain"), Some(Vec::new()));
    }
}

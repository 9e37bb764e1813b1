//! A login of `aws sso login` (IAM Identity Center): the token that the command line of AWS keeps in `~/.aws/sso/cache` is shown to the
//! portal of the login's own region, which gives the role's credentials (SSO Portal API Reference, `GetRoleCredentials`).
//!
//! The cache is looked through for the newest token of the start address, and never written to. One that has run out is not
//! renewed here: `aws sso login` does that, with a browser.

use std::{fs, path::Path};

use super::{
    super::service::Service,
    calling::address_of,
    credentials::Credentials,
    profile::{Fields, Finding, Profiles},
    refusal::Said,
};
use crate::{
    date::Moment,
    failure::Result,
    home,
    json::Members,
    secret::Secret,
    web::{
        aws::{host, is_region},
        http::Request,
    },
};

/// The most bytes of a file of the cache.
const LARGEST: usize = 256 * 1024;

/// The credentials of the role that a profile names.
///
/// # Errors
/// `Remote` where nobody has logged in, or may not use that role.
pub(super) fn credentials(finding: &Finding, profile: &str, fields: &Fields) -> Result<Credentials> {
    let session =
        match fields.get("sso_session") {
            Some(name) => Some(finding.profiles.session(name).ok_or_else(|| {
                finding.wrong(profile, &format!("names an `sso-session` that is not there, `{name}`"))
            })?),
            None => None,
        };
    let of_both = |name: &str| fields.get(name).or_else(|| session.as_ref()?.get(name));
    let wanted = ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"].map(of_both);
    let [Some(start), Some(region), Some(account), Some(role)] = wanted else {
        return Err(finding.wrong(
            profile,
            "does not say all of `sso_start_url`, `sso_region`, `sso_account_id` and `sso_role_name`",
        ));
    };
    if !is_region(region) {
        return Err(finding.wrong(profile, "has an `sso_region` that is none"));
    }
    let log_in = format!("log in: `aws sso login --profile {profile}`");
    let token = token(&finding.home.join(".aws/sso/cache"), start, finding.now)?;
    let Some((token, is_good)) = token else {
        return Err(finding.wrong(profile, "needs a login that is not there").hint(log_in));
    };
    if !is_good {
        return Err(finding.wrong(profile, "needs a login that has run out").hint(log_in));
    }
    let service = portal(finding, region)?;
    let address = service.below(&["federation", "credentials"], &[("role_name", role), ("account_id", account)])?;
    let headers = [("x-amz-sso_bearer_token", token.expose_text().unwrap_or_default())];
    let request = Request { method: "GET", address: &address, headers: &headers, body: &[] };
    let answer = service.ask(&request, finding.machine.until)?;
    if answer.status == 401 || Said::read(&answer).code == "UnauthorizedException" {
        return Err(service.failure("does not accept the login any more").hint(log_in));
    }
    if answer.status == 403 || Said::read(&answer).code == "ForbiddenException" {
        return Err(service.failure(&format!("does not let this login use the role `{role}` of `{account}`")));
    }
    let answer = service.judge(answer, &format!("use the role `{role}`"))?;
    let members = service.members(&answer)?;
    let members = members.object("roleCredentials").ok_or_else(|| service.unreadable())?;
    let names = ["accessKeyId", "secretAccessKey", "sessionToken", ""];
    Credentials::of_json(&service.name, &members, names)?.ok_or_else(|| service.unreadable())
}

fn portal(finding: &Finding, region: &str) -> Result<Service> {
    let setting = finding.machine.setting;
    let address = address_of(setting, &host("portal.sso", region))?;
    Service::new(finding.machine.name, &address, setting.ca.as_deref(), finding.machine.timeout)
}

/// The token of the login that a profile names, while it is good.
pub(super) fn token_of(profiles: &Profiles, fields: &Fields, home: &Path, now: Moment) -> Option<Secret> {
    let session = fields.get("sso_session").and_then(|name| profiles.session(name));
    let start = fields.get("sso_start_url").or_else(|| session.as_ref()?.get("sso_start_url"))?;
    let (token, is_good) = token(&home.join(".aws/sso/cache"), start, now).ok()??;
    is_good.then_some(token)
}

/// The newest token of a start address, and whether it is still good.
fn token(cache: &Path, start: &str, now: Moment) -> Result<Option<(Secret, bool)>> {
    let mut newest: Option<(Moment, Secret)> = None;
    let Ok(entries) = fs::read_dir(cache) else { return Ok(None) };
    for path in
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "json"))
    {
        let Some((bytes, _)) = home::read(&path, LARGEST)? else { continue };
        let bytes = zeroize::Zeroizing::new(bytes);
        let Some(members) = Members::read(&bytes) else { continue };
        let is_its = members
            .plain("startUrl")
            .is_some_and(|it| it.trim_end_matches(['/', '#']) == start.trim_end_matches(['/', '#']));
        let (Some(token), Some(ends)) = (members.text("accessToken").filter(|_| is_its), members.plain("expiresAt"))
        else {
            continue;
        };
        let Ok(ends) = ends.replace("UTC", "Z").parse::<Moment>() else { continue };
        if newest.as_ref().is_none_or(|(other, _)| *other < ends) {
            newest = Some((ends, token));
        }
    }
    Ok(newest.map(|(ends, token)| (token, ends > now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_token_of_the_start_address_counts() {
        let folder = tempfile::tempdir().expect("folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("write");
        let one = |start: &str, token: &str, ends: &str| {
            format!("{{\"startUrl\":\"{start}\",\"accessToken\":\"{token}\",\"expiresAt\":\"{ends}\"}}")
        };
        let now: Moment = "2026-06-01T12:00:00Z".parse().expect("a moment");
        let found = |start: &str| {
            let found = token(folder.path(), start, now).expect("read");
            found.map(|(token, is_good)| (token.expose_text().expect("text").to_owned(), is_good))
        };
        assert_eq!(found("https://d-1.awsapps.com/start"), None);
        write("a.json", &one("https://d-1.awsapps.com/start", "old", "2026-06-01T11:00:00Z"));
        assert_eq!(found("https://d-1.awsapps.com/start"), Some(("old".into(), false)));
        write("b.json", &one("https://d-1.awsapps.com/start/", "new", "2026-06-01T13:00:00UTC"));
        write("c.json", &one("https://other.awsapps.com/start", "other", "2026-06-02T13:00:00Z"));
        write("d.json", "{\"clientId\":\"c\",\"clientSecret\":\"s\",\"expiresAt\":\"2026-09-01T00:00:00Z\"}");
        write("e.json", "not json");
        assert_eq!(found("https://d-1.awsapps.com/start#"), Some(("new".into(), true)));
    }
}

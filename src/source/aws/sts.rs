//! AWS's Security Token Service and IAM, as far as a source needs them: assuming a role, and asking whose credentials these are and what
//! they may do. Both are Query APIs: a form is sent, XML comes back.

use std::time::{Duration, Instant};

use super::{
    super::{
        form::{FORM, form},
        service::Service,
    },
    calling::address_of,
    credentials::Credentials,
    refusal::{Refusal, Said, refusal},
};
use crate::{
    config::sources::{self as config, aws::Aws},
    date::Moment,
    failure::Result,
    name::SourceName,
    secret::Secret,
    source::Means,
    web::{
        aws,
        aws_answer::{self, Record},
        http::Request as Sent,
        sigv4::{Request, Signer, canonical_path, stamp},
    },
};

/// How long a role is assumed for where nobody says: the shortest that AWS takes.
const SECONDS: &str = "900";

pub(super) struct Sts {
    name: SourceName,
    tokens: Service,
    iam: Service,
    region: String,
    iam_region: String,
    clock: fn() -> Moment,
}

impl Sts {
    pub(super) fn new(source: &config::Source, setting: &Aws, means: &Means) -> Result<Self> {
        let (iam_host, iam_region) = aws::iam(&setting.region);
        let service = |address| Service::new(&source.name, &address, setting.ca.as_deref(), source.timeout);
        Ok(Self {
            name: source.name.clone(),
            tokens: service(address_of(setting, &aws::host("sts", &setting.region))?)?,
            iam: service(address_of(setting, iam_host)?)?,
            region: setting.region.clone(),
            iam_region: iam_region.to_owned(),
            clock: means.clock,
        })
    }

    /// Assumes a role with credentials.
    ///
    /// # Errors
    /// `Remote`.
    pub(super) fn assume(
        &self,
        credentials: &Credentials,
        arn: &str,
        external_id: Option<&str>,
        session: Option<&str>,
        seconds: Option<&str>,
        until: Instant,
    ) -> Result<Credentials> {
        let session = session.map_or_else(|| session_name(&self.name), str::to_owned);
        let mut fields = vec![
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", arn),
            ("RoleSessionName", &session),
            ("DurationSeconds", seconds.unwrap_or(SECONDS)),
        ];
        fields.extend(external_id.map(|id| ("ExternalId", id)));
        let act = format!("assume the role `{arn}`");
        let records = self
            .call(&self.tokens, ("sts", &self.region), &fields, Some(credentials), &act, until)
            .map_err(Refusal::into_failure)?;
        self.of_answer(records)
    }

    /// Assumes a role with a token that a machine was given for it (by `OpenID` Connect); nothing is signed.
    ///
    /// # Errors
    /// `Remote`.
    pub(super) fn assume_with_web_identity(
        &self,
        token: &Secret,
        arn: &str,
        session: Option<&str>,
        until: Instant,
    ) -> Result<Credentials> {
        let session = session.map_or_else(|| session_name(&self.name), str::to_owned);
        let token = token.expose_text().map(str::trim).unwrap_or_default();
        let fields = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", arn),
            ("RoleSessionName", &session),
            ("WebIdentityToken", token),
        ];
        let act = format!("assume the role `{arn}`");
        let records = self
            .call(&self.tokens, ("sts", &self.region), &fields, None, &act, until)
            .map_err(Refusal::into_failure)?;
        self.of_answer(records)
    }

    fn of_answer(&self, records: Vec<Record>) -> Result<Credentials> {
        let found = records.into_iter().find_map(|mut record| {
            let ends = record.get("Expiration").and_then(|text| text.parse().ok());
            let id = record.take_secret("AccessKeyId")?;
            Some((id, record.take_secret("SecretAccessKey")?, record.take_secret("SessionToken"), ends))
        });
        let (id, secret, token, ends) = found.ok_or_else(|| self.tokens.unreadable())?;
        Credentials::new(&self.name, &id, secret, token, ends)
    }

    /// Whose credentials these are, as an ARN. Every valid credential may ask that.
    ///
    /// # Errors
    /// `Remote`.
    pub(super) fn caller(&self, credentials: &Credentials, until: Instant) -> Result<String> {
        let fields = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];
        let act = "say whose it is";
        let records = self
            .call(&self.tokens, ("sts", &self.region), &fields, Some(credentials), act, until)
            .map_err(Refusal::into_failure)?;
        let arn = records.iter().find_map(|record| record.get("Arn")).filter(|arn| is_arn(arn));
        arn.map(str::to_owned).ok_or_else(|| self.tokens.unreadable())
    }

    /// Which of these actions policies allow for this user or role on these resources; each with whether it does.
    ///
    /// # Errors
    /// The refusal, as most credentials may not ask that.
    pub(super) fn simulate(
        &self,
        credentials: &Credentials,
        of: &str,
        actions: &[&str],
        resources: &[&str],
        until: Instant,
    ) -> std::result::Result<Vec<(String, bool)>, Refusal> {
        let numbered = |name: &str, values: &[&str]| -> Vec<(String, String)> {
            let pairs = values.iter().enumerate();
            pairs.map(|(at, value)| (format!("{name}.member.{}", at + 1), (*value).to_owned())).collect()
        };
        let lists = [numbered("ActionNames", actions), numbered("ResourceArns", resources)].concat();
        let mut fields =
            vec![("Action", "SimulatePrincipalPolicy"), ("Version", "2010-05-08"), ("PolicySourceArn", of)];
        fields.extend(lists.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let act = "say what it may do";
        let records = self.call(&self.iam, ("iam", &self.iam_region), &fields, Some(credentials), act, until)?;
        let decided = records.iter().filter_map(|record| {
            Some((record.get("EvalActionName")?.to_owned(), record.get("EvalDecision")? == "allowed"))
        });
        Ok(decided.collect())
    }

    fn call(
        &self,
        service: &Service,
        (signed_as, region): (&str, &str),
        fields: &[(&str, &str)],
        credentials: Option<&Credentials>,
        act: &str,
        until: Instant,
    ) -> std::result::Result<Vec<Record>, Refusal> {
        let body = form(fields);
        let address = &service.address;
        let at = (self.clock)();
        let date = stamp(at);
        let mut headers = vec![FORM, ("host", address.host()), ("x-amz-date", &date)];
        let authorization;
        if let Some(credentials) = credentials {
            if let Some(token) = credentials.token()? {
                headers.push(("x-amz-security-token", token));
            }
            let path = canonical_path(address.path());
            let request = Request { method: "POST", path: &path, query: &[], headers: &headers, body: body.as_bytes() };
            let signer = Signer { id: &credentials.id, secret: &credentials.secret, region, service: signed_as, at };
            authorization = signer.authorize(&request);
            headers.push(("authorization", &authorization));
        }
        let sent = Sent { method: "POST", address, headers: &headers, body: body.as_bytes() };
        let answer = service.ask(&sent, until)?;
        let records = aws_answer::read(&answer.body);
        match records {
            Some(records) if answer.status == 200 && records.iter().any(Record::is_answer) => Ok(records),
            _ if answer.status == 200 => Err(service.unreadable().into()),
            _ => {
                let permission = format!("{signed_as}:{}", fields[0].1);
                Err(refusal(service, Said::read(&answer), &answer, act, &permission, at))
            }
        }
    }
}

/// What `CloudTrail` calls the use of a role (STS API Reference: 2 to 64 of `[\w+=,.@-]`).
fn session_name(name: &SourceName) -> String {
    format!("keyctl-{name}").chars().take(64).collect()
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.len() < 2048 && !text.chars().any(|c| c.is_control() || c == '`')
}

/// How long an answer of the machine's own may take: it is near, or not there at all.
pub(super) const NEAR: Duration = Duration::from_secs(2);

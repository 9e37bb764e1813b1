//! IAM access keys of AWS: listed, made, switched off, asked after and deleted over the IAM Query API (version 2010-05-08), and
//! tried with STS `GetCallerIdentity`, which every valid key may call.
//!
//! No user is named in any request: IAM then takes the one whose key signs. Endpoints come from the caller alone, who
//! has them from the user's own configuration; `AWS_ENDPOINT_URL` and its like are not read.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
    secret::Secret,
    web::{
        address::Address,
        aws::{self, Skew},
        aws_answer::{self, Record},
        http::{Answer, Client as Http},
        sigv4::{Request, Signer, canonical_path, encode, stamp},
    },
};

/// The IAM Query API's version (IAM API Reference).
const IAM_VERSION: &str = "2010-05-08";
/// The STS Query API's version (STS API Reference).
const STS_VERSION: &str = "2011-06-15";
/// How long to wait before what was throttled is tried once more.
const THROTTLED: Duration = Duration::from_secs(2);
/// The longest pause between two tries of a new key.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Both halves of an access key.
pub struct AccessKey {
    /// The public half, `AKIA...`.
    pub id: String,
    /// The secret half.
    pub secret: Secret,
}

/// An access key as IAM lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The public half, `AKIA...`.
    pub id: String,
    /// Whether it can be used.
    pub active: bool,
    /// When it was made.
    pub created: Moment,
}

/// Signs with one access key.
pub struct Client {
    key: AccessKey,
    iam: Service,
    sts: Service,
    clock: fn() -> Moment,
}

/// One of the two services, and how it is signed for.
struct Service {
    name: &'static str,
    title: &'static str,
    version: &'static str,
    region: String,
    address: Address,
    http: Http,
}

/// Why no access key was made, as far as that is known.
pub struct NotMade {
    /// What AWS or the network said.
    pub failure: Failure,
    /// Whether AWS itself said no. Else it may have made one whose answer never came, which [`Client::list`] shows.
    pub is_certain: bool,
}

/// Why AWS did not do it.
struct Refusal {
    failure: Failure,
    code: String,
}

impl Client {
    /// A client for a region's partition. `endpoint` takes the place of both services (moto, `LocalStack`); `clock` gives
    /// the moment that a signature names; `deadline` is each call's own. Nothing is sent yet.
    ///
    /// # Errors
    /// `Usage` for what cannot be a region or an access key's id.
    pub fn new(
        key: AccessKey,
        region: &str,
        endpoint: Option<&Address>,
        clock: fn() -> Moment,
        deadline: Duration,
    ) -> Result<Self> {
        // Both become part of a host name or a header.
        if !aws::is_region(region) {
            return Err(Failure::new(Kind::Usage, "that is no AWS region").hint("write it as in `us-east-1`"));
        }
        if !aws::is_key_id(&key.id) {
            return Err(Failure::new(Kind::Usage, "that is no id of an AWS access key")
                .hint("it is the half that begins with `AKIA`"));
        }
        // Partitions and their endpoints: AWS General Reference, "IAM endpoints" and "STS endpoints".
        let (iam_host, iam_region) = aws::iam(region);
        let service = |name, title, version, host: &str, region: &str| {
            let address = match endpoint {
                Some(address) => address.clone(),
                None => format!("https://{host}/")
                    .parse()
                    .map_err(|why| Failure::new(Kind::Usage, format!("`{host}` is no host: {why}")))?,
            };
            let http = Http::new(title, &address, deadline);
            Ok::<_, Failure>(Service { name, title, version, region: region.to_owned(), address, http })
        };
        Ok(Self {
            key,
            iam: service("iam", "AWS IAM", IAM_VERSION, iam_host, iam_region)?,
            sts: service("sts", "AWS STS", STS_VERSION, &aws::host("sts", region), region)?,
            clock,
        })
    }

    /// The access keys of the user whose key signs, which is one of them. A list without it is not believed: what is missing
    /// there would pass for deleted.
    ///
    /// # Errors
    /// `Remote`, as all the calls here.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let records = self.ask("ListAccessKeys", &[])?;
        let listed = records.iter().filter(|record| record.get("AccessKeyId").is_some()).map(|record| {
            let active = match record.get("Status")? {
                "Active" => true,
                "Inactive" => false,
                _ => return None,
            };
            Some(Listed { id: key_id(record)?, active, created: record.get("CreateDate")?.parse().ok()? })
        });
        // IAM allows two keys a user, so a list that goes on elsewhere is not IAM's.
        let whole = !records.iter().any(|record| record.get("IsTruncated") == Some("true"));
        let listed: Vec<Listed> =
            listed.collect::<Option<_>>().filter(|_| whole).ok_or_else(|| self.unreadable("ListAccessKeys"))?;
        if listed.iter().any(|key| key.id == self.key.id) {
            return Ok(listed);
        }
        let (host, own) = (self.iam.address.host(), &self.key.id);
        let said =
            format!("AWS IAM at `{host}` does not list `{own}`, by which it was asked; that list is not believed");
        Err(Failure::new(Kind::Remote, said).hint("try again in a minute"))
    }

    /// Makes one more access key.
    ///
    /// # Errors
    /// Two keys being there already is one of them.
    pub fn create(&self) -> std::result::Result<AccessKey, NotMade> {
        let records = self.ask_for("CreateAccessKey", &[]).map_err(|refusal| {
            // What AWS calls its own failure may have come after the deed.
            let is_certain = !["", "InternalFailure", "ServiceFailure", "ServiceUnavailable"].contains(&&*refusal.code);
            NotMade { failure: refusal.failure, is_certain }
        })?;
        let made = records.into_iter().find_map(|mut record| {
            let id = key_id(&record)?;
            let secret = record.take_secret("SecretAccessKey").filter(|secret| !secret.is_empty())?;
            Some(AccessKey { id, secret })
        });
        made.ok_or_else(|| NotMade { failure: self.unreadable("CreateAccessKey"), is_certain: false })
    }

    /// Whether an access key was ever used, as far as AWS has noted by now.
    ///
    /// # Errors
    /// `Remote`.
    pub fn was_used(&self, id: &str) -> Result<bool> {
        let records = self.ask("GetAccessKeyLastUsed", &[("AccessKeyId", id)])?;
        // A key that was never used has no date, and `N/A` for the rest (IAM API Reference, AccessKeyLastUsed).
        let said = |field| records.iter().find_map(|record| record.get(field)).filter(|text| !text.is_empty());
        match (said("LastUsedDate"), said("ServiceName")) {
            (None, Some("N/A")) => Ok(false),
            (Some(_), _) => Ok(true),
            _ => Err(self.unreadable("GetAccessKeyLastUsed")),
        }
    }

    /// Switches an access key on or off.
    ///
    /// # Errors
    /// `Remote`.
    pub fn set_active(&self, id: &str, active: bool) -> Result<()> {
        let status = if active { "Active" } else { "Inactive" };
        self.ask("UpdateAccessKey", &[("AccessKeyId", id), ("Status", status)]).map(drop)
    }

    /// Deletes an access key for good.
    ///
    /// # Errors
    /// `Remote`.
    pub fn delete(&self, id: &str) -> Result<()> {
        self.ask("DeleteAccessKey", &[("AccessKeyId", id)]).map(drop)
    }

    /// Whether this client's own key works: asked again, with a pause, for as long as AWS may not know a new key yet.
    /// No try begins after `patience`; the last one may take as long as the client's own deadline.
    ///
    /// # Errors
    /// `Remote` with the last answer when `patience` is over, or at once when waiting cannot help.
    pub fn works(&self, patience: Duration) -> Result<()> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(500);
        loop {
            let Err(refusal) = self.call(&self.sts, "GetCallerIdentity", &[]) else { return Ok(()) };
            let passing = ["", "InvalidClientTokenId", "InternalFailure", "ServiceUnavailable"];
            let may_change = passing.contains(&refusal.code.as_str()) || aws::is_throttling(&refusal.code);
            if !may_change || begun.elapsed() + pause > patience {
                return Err(refusal.failure);
            }
            sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether AWS knows this client's own key as one that can be used; asked once.
    ///
    /// # Errors
    /// `Remote` when AWS gave no answer to that.
    pub fn is_active(&self) -> Result<bool> {
        match self.call(&self.sts, "GetCallerIdentity", &[]) {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.code == "InvalidClientTokenId" => Ok(false),
            Err(refusal) => Err(refusal.failure),
        }
    }

    fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> Result<Vec<Record>> {
        self.ask_for(action, parameters).map_err(|refusal| refusal.failure)
    }

    fn ask_for(&self, action: &str, parameters: &[(&str, &str)]) -> std::result::Result<Vec<Record>, Refusal> {
        self.call(&self.iam, action, parameters).or_else(|refusal| {
            if !aws::is_throttling(&refusal.code) {
                return Err(refusal);
            }
            sleep(THROTTLED);
            self.call(&self.iam, action, parameters)
        })
    }

    fn call(
        &self,
        service: &Service,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> std::result::Result<Vec<Record>, Refusal> {
        let fields = [("Action", action), ("Version", service.version)];
        let body: Vec<_> =
            fields.iter().chain(parameters).map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let body = body.join("&");
        let at = (self.clock)();
        let date = stamp(at);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", service.address.host()),
            ("x-amz-date", &date),
        ];
        let request = Request {
            method: "POST",
            path: &canonical_path(service.address.path()),
            query: &[],
            headers: &headers,
            body: body.as_bytes(),
        };
        let signer =
            Signer { id: &self.key.id, secret: &self.key.secret, region: &service.region, service: service.name, at };
        let authorization = signer.authorize(&request);
        let sent: Vec<_> = headers.into_iter().chain([("authorization", authorization.as_str())]).collect();
        let answer = service
            .http
            .post(&service.address, &sent, body.as_bytes())
            .map_err(|failure| Refusal { failure, code: String::new() })?;
        let records = aws_answer::read(&answer.body);
        match records {
            Some(records) if answer.status == 200 && records.iter().any(Record::is_answer) => Ok(records),
            records => Err(refuse(service, action, &answer, records.unwrap_or_default().as_slice(), at)),
        }
    }

    fn unreadable(&self, action: &str) -> Failure {
        let host = self.iam.address.host();
        Failure::new(Kind::Remote, format!("AWS IAM at `{host}` answers `{action}` with what cannot be read"))
    }
}

/// AWS's reason as a sentence. Its own words are left out: they may repeat what was sent.
fn refuse(service: &Service, action: &str, answer: &Answer, records: &[Record], at: Moment) -> Refusal {
    let code = records.iter().find_map(|record| record.get("Code")).unwrap_or_default().to_owned();
    let said =
        |what: &str| Failure::new(Kind::Remote, format!("{} at `{}` {what}", service.title, service.address.host()));
    let failure = match code.as_str() {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
            said(&format!("does not let this key's user call `{action}`"))
                .hint(format!("give the user the permission `{}:{action}` on himself", service.name))
        }
        "LimitExceeded" => said("makes no third access key: the user has two")
            .hint("delete the one that is not in use, then try again"),
        "InvalidClientTokenId" => said("knows no active access key with this id")
            .hint("it was deleted or switched off, or is so new that AWS does not know it yet"),
        "SignatureDoesNotMatch" | "RequestExpired" | "InvalidSignatureException" => refuse_signature(&said, answer, at),
        "NoSuchEntity" => said(&format!("has no such access key to do `{action}` with")),
        code if aws::is_throttling(code) => said("asks to call less often").hint("try again in a minute"),
        "" => said(&format!("answers `{action}` with status {} and what cannot be read", answer.status))
            .hint("look whether the address is the right one"),
        code if code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') => {
            said(&format!("refuses `{action}`: `{code}`"))
        }
        _ => said(&format!("refuses `{action}` with status {}", answer.status)),
    };
    Refusal { failure, code }
}

fn refuse_signature(said: &dyn Fn(&str) -> Failure, answer: &Answer, at: Moment) -> Failure {
    match Skew::between(at, answer.date) {
        Some(skew) => said(&format!("does not accept the signature: {skew}")).hint("set the clock, then try again"),
        None => {
            said("does not accept the signature").hint("the secret is not the one that belongs to this access key's id")
        }
    }
}

fn key_id(record: &Record) -> Option<String> {
    record.get("AccessKeyId").filter(|id| aws::is_key_id(id)).map(str::to_owned)
}

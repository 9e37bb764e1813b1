//! What all that speak with AWS know of it: where its services answer, what its ids look like, when it wants fewer calls, and
//! how far a clock may be off.

use std::fmt;

use crate::date::Moment;

/// How far a clock may be off: AWS accepts a signature for five minutes ("Troubleshoot signed requests", IAM User Guide).
const SKEW_SECONDS: u64 = 300;

/// Whether a text can be a region, which becomes part of a host's name and of a header.
#[must_use]
pub fn is_region(region: &str) -> bool {
    !region.is_empty()
        && region.len() <= 32
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether a text can be an access key's id (IAM API Reference, `AccessKey`: 16 to 128 characters of `\w`).
#[must_use]
pub fn is_key_id(id: &str) -> bool {
    (16..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Where a service of a region answers (AWS General Reference, "Service endpoints").
#[must_use]
pub fn host(service: &str, region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("{service}.{region}.{suffix}")
}

/// Where the IAM of a region's partition answers, and the region that it is signed for (AWS General Reference, "IAM endpoints").
#[must_use]
pub fn iam(region: &str) -> (&'static str, &'static str) {
    match region {
        _ if region.starts_with("cn-") => ("iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        _ if region.starts_with("us-gov-") => ("iam.us-gov.amazonaws.com", "us-gov-west-1"),
        _ => ("iam.amazonaws.com", "us-east-1"),
    }
}

/// Whether an error's code asks to call less often: the codes that AWS's own clients take for that.
#[must_use]
pub fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
    )
}

/// How far this machine's clock is off from the service's, where that is more than a signature bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    minutes: u64,
    is_ahead: bool,
}

impl Skew {
    /// What lies between the moment of a signature and the one that the service said.
    #[must_use]
    pub fn between(here: Moment, there: Option<Moment>) -> Option<Self> {
        let there = there?;
        let off = here.seconds().abs_diff(there.seconds());
        (off > SKEW_SECONDS).then_some(Self { minutes: off / 60, is_ahead: here > there })
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.is_ahead { "ahead" } else { "behind" };
        write!(f, "this machine's clock is {} minutes {side}", self.minutes)
    }
}

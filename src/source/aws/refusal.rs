//! What AWS says when it does not do what was asked: a code, in JSON or in XML, and what each code means for whoever reads it. AWS's
//! own words are left out: they may repeat what was sent.

use crate::{
    date::Moment,
    failure::{Failure, Kind},
    json::Members,
    web::{
        aws::{Skew, is_throttling},
        aws_answer,
        http::Answer,
    },
};

use super::super::service::Service;

/// Why AWS did not do it.
pub(super) struct Refusal {
    /// AWS's code, such as `ResourceNotFoundException`; none where there was no answer that has one.
    pub(super) code: String,
    pub(super) failure: Failure,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { code: String::new(), failure }
    }
}

impl Refusal {
    /// The failure alone. (Not a `From`: with a second conversion into [`Failure`] the compiler could no more infer what `?` means
    /// in closures all over the program.)
    pub(super) fn into_failure(self) -> Failure {
        self.failure
    }
}

/// An error's code and whether its text speaks of a key of KMS, or of a deletion.
pub(super) struct Said {
    pub(super) code: String,
    of_kms: bool,
    of_deletion: bool,
}

impl Said {
    /// Reads the body of an answer that is no good one.
    pub(super) fn read(answer: &Answer) -> Self {
        let members = Members::read(&answer.body);
        let in_json = members.as_ref().and_then(|members| members.plain("__type").or_else(|| members.plain("code")));
        let code = in_json.or_else(|| {
            let records = aws_answer::read(&answer.body)?;
            records.iter().find_map(|record| record.get("Code").map(str::to_owned))
        });
        let code = code.or_else(|| answer.header("x-amzn-errortype").map(str::to_owned)).unwrap_or_default();
        // `com.amazonaws.secretsmanager#ResourceNotFoundException:http://...`
        let code = code.rsplit('#').next().and_then(|code| code.split(':').next()).unwrap_or_default();
        let is_code =
            !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        let has = |word: &[u8]| memchr::memmem::find(&answer.body, word).is_some();
        let (of_kms, of_deletion) = (has(b"kms") || has(b"KMS"), has(b"marked for deletion") || has(b"marked deleted"));
        Self { code: if is_code { code.to_owned() } else { String::new() }, of_kms, of_deletion }
    }

    /// Whether it asks to call less often.
    pub(super) fn is_throttling(&self) -> bool {
        is_throttling(&self.code)
    }

    /// Whether the credentials have run out.
    pub(super) fn is_expired(&self) -> bool {
        ["ExpiredTokenException", "ExpiredToken"].contains(&&*self.code)
    }

    /// Whether the signature is not accepted: by another secret, or by another clock.
    pub(super) fn is_about_signature(&self) -> bool {
        ["SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed"]
            .contains(&&*self.code)
    }
}

/// It in words. `act` is what was to be done, as in "read `app/db`"; `permission` what it takes, as in
/// `secretsmanager:GetSecretValue`; `at` the moment that was signed.
pub(super) fn refusal(
    service: &Service,
    said: Said,
    answer: &Answer,
    act: &str,
    permission: &str,
    at: Moment,
) -> Refusal {
    let name = &service.name;
    let test = format!("`keyctl source test {name}` says what it may do");
    let failure = match said.code.as_str() {
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" if said.of_kms => service
            .failure(&format!("does not let this credential use the key of KMS that it takes to {act}"))
            .hint("its policy, or the key's, has to allow `kms:Decrypt`, and `kms:GenerateDataKey` to write"),
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => service
            .failure(&format!("does not let this credential {act}"))
            .hint(format!("it needs the permission `{permission}`; {test}")),
        "ResourceNotFoundException" | "ParameterNotFound" => service
            .failure(&format!("has nothing there: it was to {act}"))
            .hint("look whether the reference is right, and the source's `region`"),
        "ParameterVersionNotFound" => service.failure(&format!("has no such version: it was to {act}")),
        "InvalidRequestException" if said.of_deletion => service
            .failure(&format!("will not {act}: it is marked for deletion"))
            .hint("`aws secretsmanager restore-secret` brings it back for as long as the recovery window lasts"),
        "DecryptionFailure" | "InvalidKeyId" | "KMSInvalidStateException" => service
            .failure(&format!("cannot {act}: its key of KMS cannot be used"))
            .hint("look whether that key is enabled, and not of another account"),
        "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId" => service
            .failure("knows no active access key with this id")
            .hint("it was deleted or switched off, is so new that AWS does not know it yet, or is one for a time without its session token"),
        _ if said.is_expired() => service
            .failure("does not accept the credential: it has run out")
            .hint("get a new one, as with `aws sso login`, then try again"),
        _ if said.is_about_signature() => match Skew::between(at, answer.date) {
            Some(skew) => service.failure(&format!("does not accept the signature: {skew}")).hint("set the clock, then try again"),
            None => service
                .failure("does not accept the signature")
                .hint("the secret is not the one that belongs to this access key's id"),
        },
        _ if said.is_throttling() || answer.status == 429 => {
            service.failure("is asked too often just now").hint("try again in a minute")
        }
        "" => return judged(service, answer, act),
        code => service.failure(&format!("will not {act}: `{code}`")),
    };
    Refusal { code: said.code, failure }
}

/// An answer that says nothing of AWS's.
fn judged(service: &Service, answer: &Answer, act: &str) -> Refusal {
    let failure = match answer.status {
        500..=599 => {
            service.failure(&format!("cannot answer just now ({})", answer.status)).hint("try again in a minute")
        }
        status @ 400..=499 => {
            service.failure(&format!("will not {act} ({status})")).hint("look whether the address is the right one")
        }
        _ => service.unreadable(),
    };
    debug_assert_eq!(failure.kind, Kind::Remote);
    failure.into()
}

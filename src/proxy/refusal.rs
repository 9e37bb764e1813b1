//! Why a request was not let through: as a status, in words for whoever asked, and in a word for the history.

use std::time::Duration;

use hyper::StatusCode;

/// Why a key is not used any more while a command still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its owner said `proxy freeze`, or nobody can tell whether somebody did.
    Frozen,
    /// It was revoked.
    Revoked,
    /// It has expired, and its owner wants none used that has.
    Expired,
    /// It is not in the store any more.
    Gone,
    /// Its project is not allowed any more, or its limits say no.
    Denied,
}

/// Why a request was not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It has not the token of this run: another user or program asks.
    Stranger,
    /// It was made by a web page, or for another name than the proxy's.
    Rebound,
    /// A key was sent to a host that it is not for.
    Elsewhere,
    /// A placeholder stands in the address, where it is not replaced.
    InAddress,
    /// No placeholder of this run is in it.
    NoKey,
    /// It has a key that is not of this run.
    OwnKey,
    /// Only the hosts of rules may be reached.
    Host,
    /// What was asked for the one host was sent to the proxy for another.
    Fronted,
    /// The key may not stand in this header.
    Header,
    /// The rule does not have this method.
    Method,
    /// The rule does not have this path.
    Path,
    /// The body is larger than the rule has it.
    TooLarge,
    /// There were as many as there may be; so long to wait.
    Limit(Duration),
    /// The key is not used any more.
    Stopped(Stop),
    /// It is signed in a way that cannot be done anew; why.
    Unsigned(&'static str),
    /// The secret cannot stand in a header.
    Unfit,
    /// The uses cannot be written down.
    Unrecorded,
    /// What the proxy does not do.
    NotThere,
    /// The host does not answer, or not as it should.
    Upstream,
    /// The host answers too late.
    TooLate,
}

impl Refusal {
    /// The status, as whoever asked sees it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Stranger | Self::NoKey => StatusCode::UNAUTHORIZED,
            Self::Fronted => StatusCode::MISDIRECTED_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Limit(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unrecorded => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotThere => StatusCode::NOT_IMPLEMENTED,
            Self::Upstream => StatusCode::BAD_GATEWAY,
            Self::TooLate => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::FORBIDDEN,
        }
    }

    /// A word or two, for the history.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stranger => "no token of this run",
            Self::Rebound => "from a web page",
            Self::Elsewhere => "a host that the key is not for",
            Self::InAddress => "the placeholder in an address",
            Self::NoKey => "no placeholder",
            Self::OwnKey => "a key that is not of this run",
            Self::Host => "a host without a rule",
            Self::Fronted => "for two hosts at once",
            Self::Header => "header",
            Self::Method => "method",
            Self::Path => "path",
            Self::TooLarge => "too large",
            Self::Limit(_) => "limit",
            Self::Stopped(Stop::Frozen) => "frozen",
            Self::Stopped(Stop::Revoked) => "revoked",
            Self::Stopped(Stop::Expired) => "expired",
            Self::Stopped(Stop::Gone) => "gone from the store",
            Self::Stopped(Stop::Denied) => "not allowed any more",
            Self::Unsigned(_) => "cannot be signed anew",
            Self::Unfit => "the secret fits in no header",
            Self::Unrecorded => "not recorded",
            Self::NotThere => "not supported",
            Self::Upstream => "the host cannot be reached",
            Self::TooLate => "the host answers too late",
        }
    }

    /// What whoever asked is told: fixed words, and nothing of what was asked.
    #[must_use]
    pub fn words(self) -> String {
        let more = match self {
            Self::Elsewhere => "; nothing was sent, and this is noted",
            Self::InAddress => "; it is replaced in headers alone",
            Self::NoKey => " of this run is in a header",
            Self::Host => "; `egress = \"permissive\"` lets them through",
            Self::NotThere => "; WebSockets are the one upgrade",
            Self::Unsigned(why) => why,
            Self::Upstream => ", or its certificate is not right",
            _ => "",
        };
        format!("keyctl: refused: {}{more}\n", self.word())
    }

    /// Whether its owner is told of it, beside that it is noted.
    #[must_use]
    pub fn is_alarming(self) -> bool {
        matches!(self, Self::Elsewhere | Self::InAddress | Self::OwnKey | Self::Stopped(Stop::Frozen | Stop::Revoked))
    }
}

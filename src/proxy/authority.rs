//! The certificate authority of one run. Its private key is made in memory, is written nowhere, and is gone with the run; only
//! its certificate leaves this process, for the command to trust.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{
    date::Moment,
    failure::{Failure, Kind, Result},
};

/// The most hosts whose certificates are kept.
const MOST: usize = 1000;
/// A clock of another machine may be behind by so many days.
const BEFORE: i64 = 1;
/// No run takes longer than so many days.
const AFTER: i64 = 90;

/// Vouches for hosts, toward the command of this run alone.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    /// The hosts' own key, one for all of them.
    key: KeyPair,
    made: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Authority {
    /// Makes one.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new() -> Result<Self> {
        let made = || -> std::result::Result<_, rcgen::Error> {
            let mut params = params(Vec::new())?;
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.distinguished_name.push(DnType::CommonName, "keyctl proxy, one run");
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            let key = KeyPair::generate()?;
            let pem = params.self_signed(&key)?.pem();
            Ok((Issuer::new(params, key), pem, KeyPair::generate()?))
        };
        let (issuer, pem, key) = made().map_err(|error| failed(&error))?;
        Ok(Self { issuer, pem, key, made: Mutex::default() })
    }

    /// Its certificate.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// How to answer as this host.
    ///
    /// # Errors
    /// For a name that no certificate can have.
    pub fn answer_as(&self, host: &str) -> Result<Arc<ServerConfig>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(host) {
            return Ok(Arc::clone(known));
        }
        let config = Arc::new(self.make(host)?);
        if made.len() >= MOST {
            made.clear();
        }
        made.insert(host.to_owned(), Arc::clone(&config));
        Ok(config)
    }

    fn make(&self, host: &str) -> Result<ServerConfig> {
        let certificate = || {
            let mut params = params(vec![host.to_owned()])?;
            params.distinguished_name.push(DnType::CommonName, host.chars().take(64).collect::<String>());
            params.use_authority_key_identifier_extension = true;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.signed_by(&self.key, &self.issuer)
        };
        let chain: Vec<CertificateDer<'static>> = vec![certificate().map_err(|error| failed(&error))?.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| failed(&error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn params(names: Vec<String>) -> std::result::Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let day = |days: i64| {
        let text = Moment::from_seconds(Moment::now().seconds() + days * 86_400).to_string();
        let mut parts = text.split(['-', 'T']).filter_map(|part| part.parse().ok());
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let small = |part: Option<i32>| part.and_then(|part| u8::try_from(part).ok()).unwrap_or(1);
        rcgen::date_time_ymd(year.unwrap_or(2026), small(month), small(day))
    };
    (params.not_before, params.not_after) = (day(-BEFORE), day(AFTER));
    Ok(params)
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Kind::Disk, format!("cannot make a certificate: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_gets_one_certificate_and_no_private_key_leaves() {
        let authority = Authority::new().unwrap();
        assert!(authority.pem().starts_with("-----BEGIN CERTIFICATE-----") && !authority.pem().contains("PRIVATE"));
        let first = authority.answer_as("api.example.com").unwrap();
        assert!(Arc::ptr_eq(&first, &authority.answer_as("api.example.com").unwrap()));
        assert!(!Arc::ptr_eq(&first, &authority.answer_as("other.example.com").unwrap()));
        assert!(authority.answer_as("127.0.0.1").is_ok());
        assert_ne!(authority.pem(), Authority::new().unwrap().pem());
    }
}

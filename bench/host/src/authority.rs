//! A certificate authority for one run of the benchmark.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// The trust stores of Linux distributions.
const SYSTEM_BUNDLES: [&str; 2] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
/// The endpoint's protocol. AWS's control planes do not support HTTP/2.
const ALPN: &[u8] = b"http/1.1";

/// The authority's files and configuration for candidates and the endpoint.
pub(crate) struct Authority {
    /// The system's trusted certificates and this authority's, so that candidates read as many
    /// certificates as in Lambda.
    pub(crate) bundle: PathBuf,
    /// Number of certificates in the bundle.
    pub(crate) bundle_certificates: usize,
    /// TLS configuration for an endpoint at `localhost`.
    pub(crate) server: Arc<ServerConfig>,
}

impl Authority {
    /// Creates an authority and a certificate for `localhost`, and writes the bundle into `work`.
    pub(crate) fn new(work: &Path) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params.distinguished_name.push(DnType::CommonName, "lambda-bench, for one run");
        let authority_key = KeyPair::generate()?;
        let authority = params.self_signed(&authority_key)?;
        let issuer = Issuer::new(params, authority_key);

        let leaf_key = KeyPair::generate()?;
        let leaf =
            CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&leaf_key, &issuer)?;

        let system = SYSTEM_BUNDLES.into_iter().find_map(|path| std::fs::read_to_string(path).ok());
        let certificates = format!("{}\n{}", system.unwrap_or_default(), authority.pem());
        let bundle = std::path::absolute(work.join("bundle.pem"))?;
        std::fs::write(&bundle, &certificates)
            .with_context(|| format!("cannot write {}", bundle.display()))?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(leaf_key.serialize_der())
            .map_err(|error| anyhow::anyhow!("the generated key is invalid: {error}"))?;
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        server.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self {
            bundle,
            bundle_certificates: certificates.matches("-----BEGIN CERTIFICATE-----").count(),
            server: Arc::new(server),
        })
    }
}

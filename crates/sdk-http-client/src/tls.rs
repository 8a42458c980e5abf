//! The TLS configuration.

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;

use crate::trust_store::TrustStore;

/// Number of hosts whose TLS sessions are cached. Programs call two or three hosts.
const SESSIONS: usize = 8;

/// Returns a configuration for TLS 1.3 and 1.2 with ring. AWS-LC would gather entropy for 20 ms at the
/// first handshake.
pub(crate) fn config(trust_store: TrustStore) -> ClientConfig {
    // Fails if an earlier client has already installed this provider.
    let _ = ring::default_provider().install_default();
    let mut config = ClientConfig::builder()
        .with_root_certificates(trust_store.into_roots())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    config
}

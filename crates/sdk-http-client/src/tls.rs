//! How TLS is spoken.

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;

use crate::trust_store::TrustStore;

/// Hosts whose TLS sessions are remembered; a program here calls two or three.
const SESSIONS: usize = 8;

/// TLS 1.3 and 1.2 on ring; AWS-LC gathers entropy for 20 ms at a process's first handshake.
pub(crate) fn config(trust_store: TrustStore) -> ClientConfig {
    // It fails if the process has a provider already: this one, by an earlier client.
    let _ = ring::default_provider().install_default();
    let mut config = ClientConfig::builder()
        .with_root_certificates(trust_store.into_roots())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(SESSIONS);
    config
}

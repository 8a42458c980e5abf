//! The trusted certificate authorities.

#[cfg(target_os = "linux")]
mod linux;

use std::fs::File;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::pem::certificates;

/// The certificate authorities that are trusted to issue certificates for hosts.
#[derive(Debug, Clone)]
pub struct TrustStore(RootCertStore);

impl TrustStore {
    /// Reads the system's trust store. On Linux, these are the distribution's files, or those in
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR`, as for OpenSSL. Other systems have a native store.
    ///
    /// Logs files and certificates that cannot be read, and does not trust them.
    #[must_use]
    pub fn system() -> Self {
        let store = system();
        if store.0.is_empty() {
            tracing::error!("no trusted certificates found; all TLS connections will fail");
        }
        store
    }

    /// Reads certificates from PEM files.
    ///
    /// Logs files and certificates that cannot be read, and does not trust them.
    #[must_use]
    pub fn of_files(files: &[PathBuf]) -> Self {
        let mut store = Self(RootCertStore::empty());
        for file in files {
            if let Err(error) = store.add_file(file) {
                tracing::error!(file = %file.display(), %error, "certificates were not read");
            }
        }
        store
    }

    pub(crate) fn into_roots(self) -> RootCertStore {
        self.0
    }

    fn add_file(&mut self, path: &Path) -> Result<(), pem::Error> {
        let others = self.0.len();
        let read =
            File::open(path).and_then(|file| certificates(file, |der| self.add(der, others)));
        if read.is_ok() {
            return Ok(());
        }
        self.0.roots.truncate(others);
        for der in CertificateDer::pem_file_iter(path)? {
            match der {
                Ok(der) => self.add(der, others),
                Err(error @ pem::Error::Io(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(file = %path.display(), %error, "a certificate was not read");
                }
            }
        }
        Ok(())
    }

    /// Adds a certificate, unless it is one of the first `others`, which come from other files.
    fn add(&mut self, der: CertificateDer<'_>, others: usize) {
        // Ignores errors: system stores contain old certificates that rustls does not support.
        if self.0.add(der).is_ok()
            && let Some((added, before)) = self.0.roots.split_last()
            && before[..others].contains(added)
        {
            self.0.roots.pop();
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn system() -> TrustStore {
    let read = rustls_native_certs::load_native_certs();
    for error in read.errors {
        tracing::error!(%error, "certificates were not read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read.certs);
    TrustStore(roots)
}

#[cfg(target_os = "linux")]
fn system() -> TrustStore {
    TrustStore::of_files(&linux::files(|variable| std::env::var_os(variable)))
}

#[cfg(test)]
mod tests {
    use test_endpoint::certificate;

    use super::*;

    #[test]
    fn adds_certificate_in_two_files_once() {
        let files = ["authority", "good", "authority"].map(certificate);
        assert_eq!(TrustStore::of_files(&files).0.len(), 2);
    }

    #[test]
    fn skips_unreadable_files() {
        let files = ["missing", "key", "make.sh", "authority"].map(certificate);
        assert_eq!(TrustStore::of_files(&files).0.len(), 1);
    }

    #[test]
    fn reads_unusual_pem_file() {
        let pem = std::fs::read_to_string(certificate("authority")).unwrap();
        let file = std::env::temp_dir().join(format!("unusual-{}.pem", std::process::id()));
        let broken = "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n";
        std::fs::write(&file, format!("{pem}{broken}{}", pem.replace("E-----\n", "E----- \n")))
            .unwrap();
        let read = TrustStore::of_files(std::slice::from_ref(&file)).0.len();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(read, 2);
    }
}

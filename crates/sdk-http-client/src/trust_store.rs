//! The authorities whose certificates are trusted.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::pem::certificates;

/// Authorities that may vouch for a host.
#[derive(Debug, Clone)]
pub struct TrustStore(RootCertStore);

impl TrustStore {
    /// What the system trusts: on Linux the files that OpenSSL reads, which are the distribution's
    /// or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name; elsewhere the system's own store.
    ///
    /// What cannot be read is logged, and not trusted.
    #[must_use]
    pub fn system() -> Self {
        let store = system();
        if store.0.is_empty() {
            tracing::warn!("no authority is trusted, so no host's certificate can be accepted");
        }
        store
    }

    /// The certificates in files of PEM.
    ///
    /// What cannot be read is logged, and not trusted.
    #[must_use]
    pub fn of_files(files: &[PathBuf]) -> Self {
        let mut store = Self(RootCertStore::empty());
        for file in files {
            if let Err(error) = store.add_file(file) {
                tracing::warn!(file = %file.display(), %error, "certificates were not read");
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

    /// Adds a certificate that is not among those of the `others` first, which other files had.
    fn add(&mut self, der: CertificateDer<'_>, others: usize) {
        // System stores have certificates that are too old to be understood, and of no use.
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
        tracing::warn!(%error, "certificates were not read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read.certs);
    TrustStore(roots)
}

#[cfg(target_os = "linux")]
fn system() -> TrustStore {
    let named = |variable| std::env::var_os(variable).filter(|value| !value.is_empty());
    let (file, folders) = match (named("SSL_CERT_FILE"), named("SSL_CERT_DIR")) {
        (None, None) => {
            let found = openssl_probe::probe();
            (found.cert_file, found.cert_dir)
        }
        (file, folders) => {
            let folders = folders.iter().flat_map(std::env::split_paths);
            (file.map(PathBuf::from), folders.filter(|path| path != Path::new("")).collect())
        }
    };
    TrustStore::of_files(&distinct(file, &folders))
}

/// The files to read, each once: folders hold links to each other's files and to the bundle.
#[cfg(target_os = "linux")]
fn distinct(file: Option<PathBuf>, folders: &[PathBuf]) -> Vec<PathBuf> {
    use std::collections::HashSet;
    use std::os::unix::fs::MetadataExt;

    let in_folders = folders.iter().flat_map(|folder| {
        files_in(folder).unwrap_or_else(|error| {
            tracing::warn!(folder = %folder.display(), %error, "certificates were not read");
            Vec::new()
        })
    });
    let mut seen = HashSet::new();
    let mut new = |path: &PathBuf| match path.metadata() {
        Ok(metadata) => seen.insert((metadata.dev(), metadata.ino())),
        Err(_) => true, // reading it will tell
    };
    file.into_iter().chain(in_folders).filter(|path| new(path)).collect()
}

#[cfg(target_os = "linux")]
fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = folder.read_dir()?.map(|entry| entry.map(|entry| entry.path()));
    // A link that leads nowhere is no file.
    Ok(entries.collect::<io::Result<Vec<_>>>()?.into_iter().filter(|path| path.is_file()).collect())
}

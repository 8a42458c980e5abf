//! Finds the files with trusted certificates on Linux.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Returns the files to read, without duplicates: folders contain links to each other's files and to
/// the bundle.
pub(super) fn files(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let (file, folders) = places(variable);
    let in_folders = folders.iter().flat_map(|folder| {
        files_in(folder).unwrap_or_else(|error| {
            tracing::error!(folder = %folder.display(), %error, "certificates were not read");
            Vec::new()
        })
    });
    let mut seen = HashSet::new();
    let mut is_new = |path: &PathBuf| match path.metadata() {
        Ok(metadata) => seen.insert((metadata.dev(), metadata.ino())),
        Err(_) => true, // reading it reports the error
    };
    file.into_iter().chain(in_folders).filter(|path| is_new(path)).collect()
}

/// Returns the bundle and the folders with single certificates, from OpenSSL's environment variables
/// or else from the distribution's known paths.
fn places(variable: impl Fn(&str) -> Option<OsString>) -> (Option<PathBuf>, Vec<PathBuf>) {
    let named = |name| variable(name).filter(|value| !value.is_empty());
    match (named("SSL_CERT_FILE"), named("SSL_CERT_DIR")) {
        (None, None) => {
            let found = openssl_probe::probe();
            (found.cert_file, found.cert_dir)
        }
        (file, folders) => {
            let folders = folders.iter().flat_map(std::env::split_paths);
            let folders = folders.filter(|folder| !folder.as_os_str().is_empty()).collect();
            (file.map(PathBuf::from), folders)
        }
    }
}

fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = folder.read_dir()?.map(|entry| entry.map(|entry| entry.path()));
    let paths = paths.collect::<io::Result<Vec<_>>>()?;
    // Skips folders and broken links.
    Ok(paths.into_iter().filter(|path| path.is_file()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder that is removed at the end of the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn with<'a>(
        file: Option<&'a Path>,
        folders: Option<&'a str>,
    ) -> impl Fn(&str) -> Option<OsString> + 'a {
        move |name| match name {
            "SSL_CERT_FILE" => file.map(OsString::from),
            "SSL_CERT_DIR" => folders.map(OsString::from),
            _ => None,
        }
    }

    #[test]
    fn returns_each_file_once() {
        let folder = Folder::new("certificates-with-links");
        let (bundle, own) = (folder.0.join("bundle.crt"), folder.0.join("own.pem"));
        fs::write(&bundle, "").unwrap();
        fs::write(&own, "").unwrap();
        symlink(&bundle, folder.0.join("link.pem")).unwrap();
        symlink("nowhere", folder.0.join("dead.pem")).unwrap();
        fs::create_dir(folder.0.join("deeper")).unwrap();
        let twice = format!("{0}::{0}", folder.0.display());
        let mut found = files(with(Some(&bundle), Some(&twice)));
        assert_eq!(found.remove(0), bundle);
        assert_eq!(found, [own]);
    }

    #[test]
    fn environment_variables_override_defaults_even_if_files_are_missing() {
        let missing = Path::new("/nowhere/bundle.pem");
        assert_eq!(files(with(Some(missing), None)), [missing]);
        assert_eq!(files(with(Some(missing), Some(""))), [missing]);
        assert_eq!(files(with(None, Some("/nowhere"))), [] as [PathBuf; 0]);
    }

    #[test]
    fn uses_the_distributions_paths_by_default() {
        let all = files(with(None, None));
        assert_eq!(all.first(), openssl_probe::probe().cert_file.as_ref());
        assert_eq!(files(with(None, Some(""))), all);
    }
}

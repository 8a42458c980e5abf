//! Private temporary folders for downloaded data.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

const PREFIX: &str = "ingest-features-";
/// A file that is locked while the folder is in use.
const LOCK: &str = "lock";

/// A new folder that is removed on drop, with its content. If a process is killed, the next process that
/// creates such a folder removes the old one.
#[derive(Debug)]
pub(crate) struct TemporaryFolder {
    folder: TempDir,
    _lock: File,
}

impl TemporaryFolder {
    pub(crate) fn new() -> io::Result<Self> {
        Self::below(&std::env::temp_dir())
    }

    fn below(parent: &Path) -> io::Result<Self> {
        let private = fs::Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix(PREFIX).permissions(private).tempdir_in(parent)?;
        // The lock gets its name once it is locked, so that no other process ever finds it unlocked. On a
        // file system without locks, a folder is never taken for an abandoned one.
        let new = folder.path().join("lock.new");
        let lock = File::create_new(&new)?;
        if lock.lock().is_ok() {
            fs::rename(&new, folder.path().join(LOCK))?;
        }
        remove_abandoned(parent, fs::metadata(folder.path())?.uid());
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes this user's folders whose process has ended. Ignores errors: the system cleans up its
/// temporary folder eventually.
fn remove_abandoned(parent: &Path, user: u32) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.metadata().is_ok_and(|folder| folder.is_dir() && folder.uid() == user);
        if is_ours
            && let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_private_and_removed_on_drop() {
        let parent = TempDir::new().unwrap();
        let folder = TemporaryFolder::below(parent.path()).unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(folder.path().join("data"), "1").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn removes_abandoned_folders_but_not_those_in_use() {
        let parent = TempDir::new().unwrap();
        let abandoned = parent.path().join("ingest-features-abandoned");
        fs::create_dir(&abandoned).unwrap();
        fs::write(abandoned.join(LOCK), "").unwrap();
        fs::write(abandoned.join("data"), "1").unwrap();
        let of_others = parent.path().join("ingest-features-without-a-lock");
        fs::create_dir(&of_others).unwrap();
        let used = TemporaryFolder::below(parent.path()).unwrap();
        let _second = TemporaryFolder::below(parent.path()).unwrap();
        assert!(!abandoned.exists());
        assert!(of_others.exists() && used.path().exists());
    }
}

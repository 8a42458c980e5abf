//! Folders for downloaded data, which nobody else can read, and which do not stay.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

const PREFIX: &str = "ingest-features-";
/// A file that is locked as long as the folder is in use.
const LOCK: &str = "lock";

/// A new folder that is removed with all that is in it. What a process leaves that was killed is
/// removed when the next one makes such a folder.
#[derive(Debug)]
pub(super) struct TemporaryFolder {
    folder: TempDir,
    _lock: File,
}

impl TemporaryFolder {
    pub(super) fn new() -> io::Result<Self> {
        Self::below(&std::env::temp_dir())
    }

    fn below(parent: &Path) -> io::Result<Self> {
        let private = fs::Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix(PREFIX).permissions(private).tempdir_in(parent)?;
        // It gets its name once it is locked: no other process ever finds it unlocked.
        let new = folder.path().join("lock.new");
        let lock = File::create_new(&new)?;
        lock.lock()?;
        fs::rename(&new, folder.path().join(LOCK))?;
        remove_abandoned(parent, fs::metadata(folder.path())?.uid());
        Ok(Self { folder, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes folders of this user whose process has ended without removing them. What cannot be
/// removed is left to the system, which empties its temporary folder one day.
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
    fn a_folder_is_private_and_goes_with_its_content() {
        let parent = TempDir::new().unwrap();
        let folder = TemporaryFolder::below(parent.path()).unwrap();
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(folder.path().join("data"), "1").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_in_use_is_not() {
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

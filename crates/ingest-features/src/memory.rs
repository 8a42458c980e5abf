//! Whether the native engine has enough memory for the data.

use std::fs;
use std::path::{Path, PathBuf};

/// Memory per byte of text. Measured with the Abalone data, rounded up: see docs/engines.md.
const PER_BYTE_OF_TEXT: u64 = 6;
/// Memory per byte of gzip and Parquet, which are smaller.
const PER_COMPRESSED_BYTE: u64 = 30;

/// Returns the memory of this machine or of its container in bytes, whichever is less.
#[must_use]
pub fn available() -> Option<u64> {
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits =
        limits.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    let machine = fs::read_to_string("/proc/meminfo").ok();
    limits.chain(machine.as_deref().and_then(of_machine)).min()
}

/// Reads the first line of `/proc/meminfo`, such as `MemTotal:       16384 kB`.
fn of_machine(meminfo: &str) -> Option<u64> {
    let kilobytes = meminfo.strip_prefix("MemTotal:")?.split_whitespace().next()?;
    kilobytes.parse::<u64>().ok()?.checked_mul(1024)
}

/// Returns a warning if the engine probably needs more than the available memory for these files.
pub(crate) fn warning(files: &[PathBuf], available: u64) -> Option<String> {
    let size = |path: &PathBuf| fs::metadata(path).map_or(0, |file| file.len());
    let needed = |path: &PathBuf| size(path).saturating_mul(per_byte(path));
    let (data, needed): (u64, u64) = (files.iter().map(size).sum(), files.iter().map(needed).sum());
    (needed > available).then(|| {
        format!(
            "the data has {}, for which the native engine needs about {} of memory, and this machine \
             has {}. If the job ends without a message, the memory was used up: use a larger \
             instance_type, or `engine: spark`, which has no limit",
            shown(data),
            shown(needed),
            shown(available)
        )
    })
}

fn per_byte(path: &Path) -> u64 {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("gz" | "gzip" | "parquet") => PER_COMPRESSED_BYTE,
        _ => PER_BYTE_OF_TEXT,
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn shown(bytes: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let unit = units.into_iter().find(|(_, size)| bytes as f64 >= *size);
    unit.map_or_else(
        || format!("{bytes} bytes"),
        |(unit, size)| format!("{:.1} {unit}", bytes as f64 / size),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warns_if_the_data_needs_more_than_the_machine_has() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, [b'1'; 1000]).unwrap();
            path
        };
        let files = [file("a.csv"), file("b.csv.gz")];
        assert_eq!(warning(&files, 36_000), None);
        let text = warning(&files, 35_999).unwrap();
        assert!(
            text.contains("has 2.0 kB, for which the native engine needs about 36.0 kB"),
            "{text}"
        );
        assert!(text.contains("this machine has 36.0 kB"), "{text}");
        assert!(text.contains("`engine: spark`"), "{text}");
    }

    #[test]
    fn reads_the_memory_of_the_machine() {
        assert_eq!(of_machine("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16384 * 1024));
        assert_eq!(of_machine("other"), None);
        #[cfg(target_os = "linux")]
        assert!(available().unwrap() > 0);
    }
}

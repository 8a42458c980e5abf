//! Selects the files of a folder to read. The rules are Spark's. They also apply to the keys of S3
//! objects.

use std::fmt;
use std::path::Path;

use crate::plan::SourcePlan;

/// Suffix of the empty objects that represent folders in older Hadoop file systems.
const FOLDER_MARKER: &str = "_$folder$";
/// Suffix of files that Hadoop is still copying.
const BEING_COPIED: &str = "._COPYING_";

/// Bookkeeping files that Spark and related programs write next to the data.
const BOOKKEEPING: [&str; 4] = ["_SUCCESS", "_metadata", "_common_metadata", "_temporary"];

const NESTED: &str =
    "because the flow's source does not include nested folders (`s3DirIncludesNested`)";

/// How to treat a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Read,
    Skip,
    /// A folder such as `day=1`, which Spark turns into a column.
    Partition,
}

/// Selects a dataset's files and records what it skips.
#[derive(Debug)]
pub struct Selection<'a> {
    source: &'a SourcePlan,
    skipped: Skipped,
}

/// The skipped files and folders, with reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    hidden: Box<Names>,
    nested: Box<Names>,
}

/// A number of names, and the first few of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names {
    count: u64,
    first: Vec<String>,
    last: String,
}

impl<'a> Selection<'a> {
    /// Creates a selection for `source`.
    #[must_use]
    pub fn new(source: &'a SourcePlan) -> Self {
        Self { source, skipped: Skipped::default() }
    }

    /// Whether to read an object below a prefix. `name` is the object's key without the prefix.
    /// Empty parts, `.` and `..` do not count as folders.
    ///
    /// # Errors
    ///
    /// The name of a partition folder.
    pub fn reads<'n>(&mut self, name: &'n str, size: u64) -> Result<bool, &'n str> {
        let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
        for folder in folders.split('/').filter(|folder| !matches!(*folder, "" | "." | "..")) {
            match self.folder(folder) {
                Verdict::Read => {}
                Verdict::Skip => return Ok(false),
                Verdict::Partition => return Err(folder),
            }
        }
        Ok(!file.is_empty() && self.file(file, size) == Verdict::Read)
    }

    pub(super) fn file(&mut self, name: &str, size: u64) -> Verdict {
        if name.ends_with(FOLDER_MARKER) && size == 0 {
            return Verdict::Skip;
        }
        self.unless_hidden(name, Verdict::Read)
    }

    pub(super) fn folder(&mut self, name: &str) -> Verdict {
        let shown = if self.source.nested {
            Verdict::Read
        } else if name.contains('=') {
            Verdict::Partition
        } else {
            Verdict::Skip
        };
        let verdict = self.unless_hidden(name, shown);
        if verdict == Verdict::Skip && !is_hidden(name) {
            self.skipped.nested.add(name);
        }
        verdict
    }

    fn unless_hidden(&mut self, name: &str, verdict: Verdict) -> Verdict {
        if !is_hidden(name) {
            return verdict;
        }
        let is_checksum = Path::new(name).extension().is_some_and(|extension| extension == "crc");
        if !BOOKKEEPING.contains(&name) && !is_checksum {
            self.skipped.hidden.add(name);
        }
        Verdict::Skip
    }

    /// Returns what was skipped, except bookkeeping files such as `_SUCCESS`.
    #[must_use]
    pub fn skipped(self) -> Skipped {
        self.skipped
    }
}

/// <https://github.com/apache/spark/blob/v3.5.1/core/src/main/scala/org/apache/spark/util/HadoopFSUtils.scala>
fn is_hidden(name: &str) -> bool {
    (name.starts_with('_') && !name.contains('='))
        || name.starts_with('.')
        || name.ends_with(BEING_COPIED)
}

impl Skipped {
    /// Whether nothing was skipped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hidden.count == 0 && self.nested.count == 0
    }
}

impl Names {
    const SHOWN: usize = 3;

    fn add(&mut self, name: &str) {
        if self.count > 0 && self.last == name {
            return; // another object in the same folder
        }
        self.count += 1;
        name.clone_into(&mut self.last);
        if self.first.len() < Self::SHOWN {
            self.first.push(name.to_owned());
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> =
            self.first.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
        let more = if self.count > names.len() as u64 { ", …" } else { "" };
        write!(f, "{}{more}", names.join(", "))
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hidden, nested } = self;
        match hidden.count {
            0 => {}
            1 => write!(
                f,
                "1 name is skipped because it begins with _ or ., as in Spark ({hidden}); rename it \
                 to include it"
            )?,
            count => write!(
                f,
                "{count} names are skipped because they begin with _ or ., as in Spark ({hidden}); \
                 rename them to include them"
            )?,
        }
        if hidden.count > 0 && nested.count > 0 {
            f.write_str("; ")?;
        }
        match nested.count {
            0 => Ok(()),
            1 => write!(f, "1 subfolder is skipped ({nested}), {NESTED}"),
            count => write!(f, "{count} subfolders are skipped ({nested}), {NESTED}"),
        }
    }
}

//! Reads a project's settings and flow from where the arguments say.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use data_wrangler_flow::Flow;

use super::Output;
use super::failure::Failure;
use crate::flow_file::FlowFile;
use crate::settings::{File, FlowLocation, Settings, Sources};

/// The file that is read if the arguments name none.
const DEFAULT_FILE: &str = "pipeline.yaml";
/// Most bytes of a settings file that are read; what is longer is refused with its size.
const MAX_SETTINGS_BYTES: u64 = (1 << 20) + 1;

/// Reads the settings, and tells which of them the environment replaces.
pub(super) fn settings(
    file: Option<&Path>,
    variable: &dyn Fn(&str) -> Option<OsString>,
    output: &mut Output<'_>,
) -> Result<Settings, Failure> {
    let file = settings_file(file)?;
    let settings = Sources::new(file.as_ref(), variable).and_then(Settings::read);
    let settings = settings.map_err(|invalid| {
        Failure::new(invalid, "`ingestion-pipeline --help` lists all settings and their variables")
    })?;
    for note in &settings.notes {
        writeln!(output.notes, "note: {note}").map_err(|error| Failure::output(&error))?;
    }
    Ok(settings)
}

fn settings_file(named: Option<&Path>) -> Result<Option<File>, Failure> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let bytes = match read(path, MAX_SETTINGS_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => return Ok(None),
        Err(error) => {
            let hint = "name the settings file with --file, or set everything in the environment";
            return Err(Failure::new(format!("{}: {error}", path.display()), hint));
        }
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(format!("{} is not UTF-8", path.display()), "save the file as UTF-8")
    })?;
    Ok(Some(File { path: path.to_owned(), text }))
}

/// The path of the flow on this machine, if it is here.
pub(super) fn local_flow(settings: &Settings, copy: Option<&Path>) -> Option<PathBuf> {
    match (copy, &settings.flow) {
        (Some(copy), _) => Some(copy.to_owned()),
        (None, FlowLocation::Path(path)) => Some(path.clone()),
        (None, FlowLocation::S3(_)) => None,
    }
}

/// The bytes of a flow on this machine.
pub(super) fn flow_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    // One byte more than a flow may have, so that a larger file is noticed.
    read(path, Flow::MAX_BYTES as u64 + 1).map_err(|error| {
        let hint =
            "`flow` in pipeline.yaml is relative to that file; it may also be s3://<bucket>/<key>";
        Failure::new(format!("the flow {} cannot be read: {error}", path.display()), hint)
    })
}

/// What the definition needs of a flow; `name` is the flow's in messages.
pub(super) fn flow(settings: &Settings, bytes: &[u8], name: &str) -> Result<FlowFile, Failure> {
    FlowFile::read(bytes, settings.output_node.as_deref()).map_err(|error| {
        let hint = match &error {
            crate::UnusableFlow::NoOutput(_) => {
                "name the output with output_node in pipeline.yaml, or DW_FLOW_OUTPUT_NAME"
            }
            _ => "correct the flow in Data Wrangler and export it again",
        };
        Failure::new(format!("{name}: {error}"), hint)
    })
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

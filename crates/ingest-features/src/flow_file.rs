//! Finds and reads the flow.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use data_wrangler_flow::Flow;
use terminal_text::Failure;

use crate::location::Location;
use crate::objects::Objects;

const HINT: &str = "name the flow with --flow: a file, a folder with one flow, or \
                    s3://<bucket>/<key>";

/// Reads the flow at a location.
pub(crate) async fn read<O: Objects>(
    place: &Location,
    objects: Option<&O>,
) -> Result<Flow, Failure> {
    let (bytes, name) = match (place, objects) {
        (Location::S3(url), Some(objects)) => (objects.get(url).await?, url.to_string()),
        (Location::S3(url), None) => {
            return Err(Failure::new(
                format!("the flow {url} is in S3, but there is no connection to S3"),
                HINT,
            ));
        }
        (Location::Local(path), _) => {
            let path = one_file(path).map_err(|problem| Failure::new(problem, HINT))?;
            (bytes(&path).map_err(|error| unreadable(&path, &error))?, path.display().to_string())
        }
    };
    Flow::parse(&bytes).map_err(|error| {
        let hint = "export the flow from Data Wrangler again, or correct it";
        Failure::new(format!("{name}: {error}"), hint)
    })
}

/// Returns the file itself, or the only flow in a folder.
fn one_file(path: &Path) -> Result<PathBuf, String> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let shown = path.display();
    let cannot_read = |error: io::Error| format!("the folder {shown} cannot be read: {error}");
    let entries = fs::read_dir(path).map_err(cannot_read)?;
    let mut flows = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot_read)?;
        let is_flow = Path::new(&entry.file_name()).extension().is_some_and(|e| e == "flow");
        if is_flow && entry.path().is_file() {
            flows.push(entry.path());
        }
    }
    flows.sort();
    match flows.len() {
        0 => Err(format!("the folder {shown} has no file that ends in .flow")),
        1 => Ok(flows.swap_remove(0)),
        count => {
            let names: Vec<_> = flows
                .iter()
                .take(10)
                .filter_map(|flow| Some(flow.file_name()?.to_string_lossy().into_owned()))
                .collect();
            Err(format!(
                "the folder {shown} has {count} flows, and a job runs one: {}",
                names.join(", ")
            ))
        }
    }
}

/// Reads at most one byte more than a flow may have, so that `Flow::parse` rejects a larger file.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(Flow::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("the flow {} cannot be read: {error}", path.display()), HINT)
}

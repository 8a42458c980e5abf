//! The repository's flow on the full Abalone data.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::fixtures::{names, rows};
use crate::{NOW, run};

#[test]
fn abalone_flow_matches_spark() {
    let flow = include_bytes!("../../../../flows/abalone.flow");
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/abalone.csv.gz");
    let output = run(flow, &input).unwrap();
    let mut expected = String::new();
    let file: &[u8] = include_bytes!("../oracle/abalone.expected.csv.gz");
    GzDecoder::new(file).read_to_string(&mut expected).unwrap();
    let mut lines = expected.lines();
    let header: Vec<_> = lines.next().unwrap().split(',').chain(["record_time"]).collect();
    assert_eq!(names(&output), header);
    let rows = rows(&output);
    assert_eq!(rows.len(), 4177);
    for (row, line) in rows.iter().zip(lines) {
        let (time, values) = row.split_last().unwrap();
        #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
        let now = NOW.0 as f64;
        assert_eq!(time.as_f64(), Some(now));
        let expected: Vec<f64> = line.split(',').map(|value| value.parse().unwrap()).collect();
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            let value = value.as_f64().unwrap();
            assert!((value - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{line}: {row:?}");
        }
    }
}

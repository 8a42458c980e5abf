//! The repository's own flow.

use crate::plan;

#[test]
fn the_flow_of_the_repository_is_supported() {
    let plan = plan(include_bytes!("../../../../flows/abalone.flow"), false);
    assert_eq!(plan.sources().len(), 1);
    assert_eq!(plan.sources()[0].dataset, "abalone.csv");
}

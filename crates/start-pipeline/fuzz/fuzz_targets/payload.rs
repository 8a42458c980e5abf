//! For any input, the parser returns events or an error, and never panics. Every event maps to a
//! request within SageMaker's limits, or to a typed error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use start_pipeline::{
    Incoming, ObjectCreated, ParameterName, ParameterNames, PipelineNameOrArn, StartRequest,
};

fuzz_target!(|payload: &str| {
    match Incoming::parse(payload) {
        Ok(Incoming::Event(upload)) => check(&upload),
        Ok(Incoming::Batch(messages)) => {
            for upload in messages.iter().filter_map(|message| message.event().ok()) {
                check(&upload);
            }
        }
        Ok(_) | Err(_) => {}
    }
});

fn check(upload: &ObjectCreated) {
    let pipeline = PipelineNameOrArn::new("ingest").unwrap();
    let parameters = ParameterNames {
        url: ParameterName::new("InputDataUrl").unwrap(),
        version: Some(ParameterName::new("InputDataVersion").unwrap()),
    };
    let Ok(request) = StartRequest::new(&pipeline, &parameters, upload) else { return };
    let name = request.display_name.as_str();
    assert!((1..=82).contains(&name.len()));
    assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    assert!(!name.starts_with('-') && !name.ends_with('-'));
    assert!(request.description.as_str().chars().count() <= 3072);
    assert!(!request.description.as_str().contains(char::is_control));
    assert!(request.parameters().all(|(_, value)| value.chars().count() <= 1024));
    assert_eq!(StartRequest::new(&pipeline, &parameters, upload).as_ref(), Ok(&request));
}

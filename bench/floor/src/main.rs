//! A minimal Lambda function on `lambda_runtime`: it answers without calling anything.

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::Serialize;
use serde::de::IgnoredAny;

#[derive(Serialize)]
struct Answer {
    outcome: &'static str,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let answer =
        async |_: LambdaEvent<IgnoredAny>| Ok::<_, Infallible>(Answer { outcome: "nothing" });
    Runtime::new(service_fn(answer)).run().await
}

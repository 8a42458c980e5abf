//! Checks that the measured functions worked correctly.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::candidate::Candidate;
use crate::events::Event;
use crate::sagemaker::execution_arn;
use crate::turn::Turn;

/// Checks each answer against its event, and against the request if the candidate calls SageMaker.
pub(crate) fn answers(candidate: &Candidate, events: &[Event], turn: &Turn) -> Result<()> {
    let traffic = &turn.traffic;
    ensure!(
        traffic.problems.is_empty(),
        "the endpoint had problems: {}",
        traffic.problems.join("; ")
    );
    ensure!(turn.answers.len() == events.len(), "not every event was answered");
    let requests = if candidate.calls { events.len() } else { 0 };
    ensure!(
        traffic.requests.len() == requests,
        "it sent {} requests instead of {requests}",
        traffic.requests.len()
    );
    for (number, (event, answer)) in events.iter().zip(&turn.answers).enumerate() {
        let checked = started(event, answer, candidate.calls.then(|| &traffic.requests[number]));
        checked.with_context(|| format!("event {number}: {}", String::from_utf8_lossy(answer)))?;
    }
    Ok(())
}

fn started(event: &Event, answer: &[u8], request: Option<&Value>) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer).context("the answer is not JSON")?;
    let Some(request) = request else {
        ensure!(answer["outcome"] == "nothing", "the outcome is wrong");
        return Ok(());
    };
    ensure!(answer["outcome"] == "started", "the outcome is wrong");
    ensure!(answer["input_url"] == event.input_url.as_str(), "the URL is wrong");
    ensure!(request["PipelineName"] == "ingest-abalone", "the request's pipeline is wrong");
    let parameter = &request["PipelineParameters"][0];
    ensure!(parameter["Name"] == "InputDataUrl", "the request's parameter is wrong");
    ensure!(parameter["Value"] == event.input_url.as_str(), "the request's URL is wrong");
    let token = request["ClientRequestToken"].as_str().unwrap_or_default();
    ensure!(answer["token"] == token && token.len() == 64, "the token is wrong");
    ensure!(answer["execution_arn"] == execution_arn(token).as_str(), "the ARN is wrong");
    Ok(())
}

/// Checks that two candidates sent the same requests to SageMaker.
pub(crate) fn same_requests(one: &Turn, other: &Turn) -> Result<()> {
    for (one, other) in one.traffic.requests.iter().zip(&other.traffic.requests) {
        ensure!(one == other, "two candidates' requests differ:\n{one}\n{other}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "s3://bucket/key";

    fn event() -> Event {
        Event { payload: String::new(), input_url: URL.to_owned() }
    }

    fn request(token: &str) -> Value {
        json!({
            "PipelineName": "ingest-abalone",
            "ClientRequestToken": token,
            "PipelineParameters": [{ "Name": "InputDataUrl", "Value": URL }],
        })
    }

    fn answer(token: &str) -> Value {
        json!({
            "outcome": "started",
            "execution_arn": execution_arn(token),
            "token": token,
            "input_url": URL,
        })
    }

    #[test]
    fn accepts_only_the_correct_answer() {
        let token = "a".repeat(64);
        let right = answer(&token);
        let check = |answer: &Value, request: &Value| {
            started(&event(), answer.to_string().as_bytes(), Some(request))
        };
        check(&right, &request(&token)).unwrap();
        for field in ["outcome", "execution_arn", "token", "input_url"] {
            let mut wrong = right.clone();
            wrong[field] = json!("something else");
            assert!(check(&wrong, &request(&token)).is_err(), "{field}");
        }
        assert!(check(&right, &request("short")).is_err());
        for field in ["PipelineName", "PipelineParameters"] {
            let mut wrong = request(&token);
            wrong[field] = json!([]);
            assert!(check(&right, &wrong).is_err(), "{field}");
        }
        assert!(started(&event(), b"not JSON", Some(&request(&token))).is_err());
    }

    #[test]
    fn accepts_only_outcome_nothing_from_floor() {
        assert!(started(&event(), b"{\"outcome\":\"nothing\"}", None).is_ok());
        assert!(started(&event(), b"{\"outcome\":\"started\"}", None).is_err());
    }
}

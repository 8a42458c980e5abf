//! The log filter.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// The target of this crate's log lines.
const OWN: &str = "start_pipeline";

/// Reads `RUST_LOG`: a level for this crate, and `<target>=<level>` for others. Examples: `debug`,
/// `warn,aws_smithy_runtime=trace`.
///
/// Other crates log only errors unless they are named: at lower levels, the SDK and the runtime log
/// parts of requests and whole events, which contain customer data.
pub(super) fn parse(text: &str) -> Result<Targets, String> {
    let mut own_level = LevelFilter::INFO;
    let mut named = Vec::new();
    for part in text.split(',').map(str::trim) {
        match part.split_once('=').map(|(target, text)| (target, level(text))) {
            None => own_level = level(part).ok_or_else(|| refusal(part))?,
            Some((target, Some(level))) if is_target(target) => named.push((target, level)),
            Some(_) => return Err(refusal(part)),
        }
    }
    Ok(of_level(own_level).with_targets(named))
}

/// Reads `AWS_LAMBDA_LOG_LEVEL`. Lambda has one more level than `tracing`: FATAL.
pub(super) fn of_lambda(text: &str) -> Result<Targets, String> {
    let known = if text.eq_ignore_ascii_case("fatal") { "error" } else { text };
    let level = level(known)
        .ok_or_else(|| format!("`{text}` is not one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"))?;
    Ok(of_level(level))
}

pub(super) fn of_level(level: LevelFilter) -> Targets {
    Targets::new().with_default(level.min(LevelFilter::ERROR)).with_target(OWN, level)
}

/// Parses the name of a level. `LevelFilter` itself would also accept numbers and an empty text.
fn level(text: &str) -> Option<LevelFilter> {
    let is_word = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphabetic());
    is_word.then(|| text.parse().ok()).flatten()
}

/// Whether `text` can be a module's path. Anything else, such as a crate's name with a hyphen, would
/// match nothing.
fn is_target(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

fn refusal(part: &str) -> String {
    format!(
        "`{part}` is neither a level (trace, debug, info, warn, error, off) nor \
         <module>=<level>, such as start_pipeline=debug"
    )
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn enables(text: &str, target: &str, level: Level) -> bool {
        parse(text).unwrap().would_enable(target, &level)
    }

    #[test]
    fn applies_level_to_this_crate_and_logs_only_errors_of_others() {
        assert!(enables("debug", "start_pipeline::handler", Level::DEBUG));
        assert!(!enables("debug", "aws_smithy_runtime", Level::WARN));
        assert!(enables("debug", "aws_smithy_runtime", Level::ERROR));
        assert!(!enables("off", "aws_smithy_runtime", Level::ERROR));
    }

    #[test]
    fn keeps_own_level_when_another_target_is_named() {
        assert!(enables("hyper=trace", "hyper", Level::TRACE));
        assert!(enables("hyper=trace", "start_pipeline", Level::INFO));
        assert!(enables("warn, start_pipeline=trace", "start_pipeline", Level::TRACE));
    }

    #[test]
    fn rejects_values_that_would_disable_logging() {
        for text in ["inof", "info,", "=", " ", "a b=info", "[x]=info", "start-pipeline=debug", "3"]
        {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains("is neither a level"), "{text}: {refused}");
        }
        assert!(of_lambda("3").is_err());
        assert!(of_lambda("Loud").is_err());
    }

    #[test]
    fn maps_fatal_to_error() {
        assert!(of_lambda("FATAL").unwrap().would_enable(OWN, &Level::ERROR));
        assert!(!of_lambda("FATAL").unwrap().would_enable(OWN, &Level::WARN));
        assert!(of_lambda("DEBUG").unwrap().would_enable(OWN, &Level::DEBUG));
    }
}

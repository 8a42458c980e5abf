//! Errors of Feature Store.

use aws_common::ErrorClass;

/// Feature Store's wordings for a group or resource that it does not find, in lower case and without
/// spaces.
const NOT_FOUND: [&str; 7] = [
    "resourcenotfound",
    "featuregroupnotfound",
    "featuregroupdoesnotexist",
    "can'tfindafeaturegroup",
    "cannotfindafeaturegroup",
    "cannotfindfeaturegroup",
    "couldnotfindfeaturegroup",
];

/// A call to Feature Store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct StoreError {
    class: ErrorClass,
    code: String,
    message: String,
}

impl StoreError {
    /// Creates an error with the service's code, or words for it, and its message.
    pub fn new(class: ErrorClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class, code: code.into(), message: message.into() }
    }

    /// Creates an error that the service reported, classified by its code, or else by its HTTP status.
    #[must_use]
    pub fn reported(code: &str, message: &str, status: Option<u16>) -> Self {
        let class = match ErrorClass::of(code, status) {
            // Feature Store has no such errors for records, so this one is a refusal.
            ErrorClass::AlreadyExists | ErrorClass::Conflict | ErrorClass::Limit => {
                ErrorClass::Refused
            }
            class => class,
        };
        Self::new(class, code, message)
    }

    /// Makes a "not found" error transient, for a group that is known to exist. Feature Store sometimes
    /// fails to find such a group for a moment, with `ResourceNotFound` or `ValidationError`.
    #[must_use]
    pub fn of_existing_group(self) -> Self {
        let message = self.message.to_lowercase().replace(' ', "");
        let not_found = match self.class {
            ErrorClass::NotFound => true,
            ErrorClass::Refused => NOT_FOUND.iter().any(|words| message.contains(words)),
            _ => false,
        };
        if !not_found {
            return self;
        }
        let message = format!(
            "Feature Store does not find the feature group, which SageMaker describes as Created: {}",
            self.message
        );
        Self { class: ErrorClass::Fault, code: self.code, message }
    }

    /// The class of the error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// The service's code. Unlike its message, it never quotes data.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns whether another attempt may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.class.is_transient()
    }

    /// Returns what to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.class {
            ErrorClass::NotFound => {
                "check the feature group's name and region, and that the credentials belong to \
                 its account"
            }
            ErrorClass::Denied => {
                "grant the credentials sagemaker:DescribeFeatureGroup, sagemaker:BatchWriteRecord and \
                 sagemaker:PutRecord on the feature group"
            }
            ErrorClass::NoCredentials => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            ErrorClass::Throttled => {
                "run the job again with a lower --concurrency, or request a higher quota from AWS"
            }
            ErrorClass::Fault => "run the job again in a few minutes; it writes the same records",
            ErrorClass::Unreachable => {
                "check the network, the region, and AWS_ENDPOINT_URL if it is set; then run the job \
                 again; it writes the same records"
            }
            _ => "see the service's message",
        }
    }
}

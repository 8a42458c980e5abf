//! What the crate does, seen from outside, without AWS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's way to fail")]

mod fake_store;
mod schema;
mod writing;

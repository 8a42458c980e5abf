//! What the crate does, seen from outside, without AWS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's way to fail")]

mod by_hand;
mod container;
mod fake_store;
mod machine;
mod rows;
mod schema;
mod writing;

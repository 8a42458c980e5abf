//! The crate's behaviour through its public API, without AWS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod by_hand;
mod container;
mod creating;
mod fake_store;
mod inputs;
mod machine;
mod rows;
mod schema;
mod spark;
mod spark_result;
mod stage;
mod writing;

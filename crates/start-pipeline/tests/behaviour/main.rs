//! Tests the function from outside: events in, requests and answers out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod batch;
mod events_table;
mod fake;
mod faults;
mod properties;
mod wire;

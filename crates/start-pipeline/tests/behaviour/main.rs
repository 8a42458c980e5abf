//! What the function does, seen from outside: events in, requests and answers out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's way to fail")]

mod batch;
mod events_table;
mod fake;
mod faults;
mod properties;
mod wire;

//! Nothing. The dependencies of this crate give all programs one set of features.
//!
//! `make hakari` writes them. See `docs/decisions/020-one-build-of-the-sdk.md`.

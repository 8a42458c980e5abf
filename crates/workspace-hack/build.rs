//! Makes cargo resolve the build dependencies.

fn main() {}

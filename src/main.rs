//! Parses the arguments, calls the library, ends with its exit code.

fn main() {}

//! One verifier for each scheme, each with its table of faults.

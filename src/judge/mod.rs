//! Evidence and figures, judged without I/O.

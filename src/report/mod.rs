//! One module for each report format; each a pure function of the record of a run.

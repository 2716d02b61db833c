//! Load phases: workers, lanes, histograms.

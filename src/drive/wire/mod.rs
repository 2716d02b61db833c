//! HTTP/1.1 as it goes over the wire: nothing normalised, merged or added.

//! Scenario and catalogue, resolved into what will be sent.

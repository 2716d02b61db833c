//! Numbers with their units, as people read them: three digits that matter.

pub(super) use crate::observe::grouped as count;

/// A time in microseconds: `842 µs`, `1.84 ms`, `12.3 s`.
pub(super) fn time(micros: f64) -> String {
    let size = micros.abs();
    match size {
        _ if micros < 0.0 && time(size) != time(0.0) => format!("−{}", time(size)),
        _ if !size.is_finite() => "–".to_owned(),
        _ if size < 999.5 => format!("{} µs", digits(size)),
        _ if size < 999_500.0 => format!("{} ms", digits(size / 1e3)),
        _ => format!("{} s", digits(size / 1e6)),
    }
}

/// A difference of times, with its sign: `+12.3 µs`.
pub(super) fn difference(micros: f64) -> String {
    let text = time(micros.abs());
    match micros {
        _ if micros < 0.0 => format!("−{text}"),
        _ if micros > 0.0 => format!("+{text}"),
        _ => text,
    }
}

/// A length in seconds: `250 ms`, `10 s`, `3 min 20 s`.
pub(super) fn length(seconds: f64) -> String {
    if seconds < 100.0 {
        return time(seconds * 1e6);
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A rate: `2000/s`.
pub(super) fn rate(per_second: f64) -> String {
    if per_second < 999.5 {
        format!("{}/s", digits(per_second))
    } else {
        format!("{}/s", count(per_second.round() as u64))
    }
}

/// A share from 0 to 1 as a percentage: `99.9 %`; what is not quite all, or not quite none, does not round to it.
pub(super) fn share(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        _ if percent > 99.99 && percent < 100.0 => ">99.99 %".to_owned(),
        _ if percent > 0.0 && percent < 0.01 => "<0.01 %".to_owned(),
        _ => format!("{} %", trimmed(format!("{percent:.2}"))),
    }
}

/// Three digits that matter, no trailing zeros behind the point.
fn digits(number: f64) -> String {
    match number.abs() {
        size if size >= 99.95 => format!("{number:.0}"),
        size if size >= 9.995 => trimmed(format!("{number:.1}")),
        _ => trimmed(format!("{number:.2}")),
    }
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A figure that another room wrote with its unit, in the style of reports: `41.2 ms`, `127.0 us`, `0.020%`, `1999.2/s`.
/// Anything else stays as it is.
pub(super) fn restyled(text: &str) -> String {
    let interval = text.strip_suffix(')').and_then(|text| text.split_once(" ("));
    if let Some((value, (low, high))) = interval.and_then(|(value, ends)| Some((value, ends.split_once(" to ")?))) {
        return format!("{} ({} to {})", restyled(value), restyled(low), restyled(high));
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let Ok(number) = text[..end].parse::<f64>() else { return text.to_owned() };
    match text[end..].trim_start() {
        "us" | "\u{b5}s" => time(number),
        "ms" => time(number * 1e3),
        "s" => time(number * 1e6),
        "%" => share(number / 100.0),
        "/s" => rate(number),
        _ => text.to_owned(),
    }
}

/// `1 check`, `2 checks`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(number as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_fitting_unit() {
        for (micros, text) in [
            (0.0, "0 µs"),
            (0.4567, "0.46 µs"),
            (12.34, "12.3 µs"),
            (842.4, "842 µs"),
            (999.7, "1 ms"),
            (1840.0, "1.84 ms"),
            (99_960.0, "100 ms"),
            (1_234_567.0, "1.23 s"),
        ] {
            assert_eq!(time(micros), text);
        }
        assert_eq!(difference(-3.0), "−3 µs");
        assert_eq!(difference(3.0), "+3 µs");
    }

    #[test]
    fn other_figures_read_well() {
        assert_eq!([-0.01, -0.001, -1234.0].map(time), ["−0.01 µs", "0 µs", "−1.23 ms"]);
        assert_eq!(length(10.0), "10 s");
        assert_eq!(length(200.0), "3 min 20 s");
        assert_eq!(length(7260.0), "2 h 1 min");
        assert_eq!(rate(1999.6), "2000/s");
        assert_eq!(rate(12_345.0), "12,345/s");
        assert_eq!(counted(1, "check"), "1 check");
    }

    #[test]
    fn figures_of_other_rooms_are_restyled() {
        for (text, expected) in [
            ("41.20 ms", "41.2 ms"),
            ("27.0 us (26.3 us to 1.20 ms)", "27 \u{b5}s (26.3 \u{b5}s to 1.2 ms)"),
            ("127.0 us", "127 \u{b5}s"),
            ("0.000%", "0 %"),
            ("0.020%", "0.02 %"),
            ("1999.2/s", "1999/s"),
            ("not judged", "not judged"),
            ("41.2 of something", "41.2 of something"),
        ] {
            assert_eq!(restyled(text), expected);
        }
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(share(1.0), "100 %");
        assert_eq!(share(0.999_999), ">99.99 %");
        assert_eq!(share(0.000_001), "<0.01 %");
        assert_eq!(share(0.035), "3.5 %");
    }
}

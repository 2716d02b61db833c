//! Whether a state changed between readings, beside what changes by itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Response, is_a_time};

/// What several readings of an unchanged state have in common: each value by its place, and how many each part holds.
#[derive(Debug)]
pub struct StableState {
    stable: BTreeMap<String, String>,
    /// How much of each reading was kept, where that is not all of it.
    kept: Option<usize>,
}

impl StableState {
    /// What these readings have in common; none without a reading, or where they were not kept alike.
    pub fn of(readings: &[&Response]) -> Option<Self> {
        let (first, others) = readings.split_first()?;
        let kept = kept(first);
        if others.iter().any(|other| self::kept(other) != kept) {
            return None;
        }
        let mut stable = places(first);
        for other in others.iter().map(|other| places(other)) {
            stable.retain(|place, value| other.get(place) == Some(value));
        }
        Some(Self { stable, kept })
    }

    /// Whether as much was kept of a reading as of those that this state is of: a start shows nothing beside the whole.
    pub fn can_be_compared(&self, reading: &Response) -> bool {
        kept(reading) == self.kept
    }

    /// Whether nothing stays the same from one reading to the next.
    pub fn is_empty(&self) -> bool {
        self.stable.is_empty()
    }

    /// Whether most of what tells this state from another one is, now, as that other one has it. What is in each of the three by
    /// chance is little: all of them are readings that agree.
    pub fn gave_way(&self, other: &Self, now: &Self) -> bool {
        let differing = self.stable.iter().filter_map(|(place, value)| {
            let changed = other.stable.get(place).filter(|changed| *changed != value)?;
            Some(now.stable.get(place) == Some(changed))
        });
        let (taken, kept): (Vec<bool>, Vec<bool>) = differing.partition(|taken| *taken);
        taken.len() > kept.len()
    }

    /// Which of two states a reading shows: whether it has any of what only this one has, and any of what only the other one has.
    /// What is of neither, such as a token of its own session, says nothing.
    pub fn likeness(&self, other: &Self, reading: &Response) -> (bool, bool) {
        let places = if self.can_be_compared(reading) { places(reading) } else { BTreeMap::new() };
        let has_of = |state: &Self, others: &Self| {
            let mut own = state.stable.iter().filter(|(place, value)| others.stable.get(*place) != Some(value));
            own.any(|(place, value)| places.get(place) == Some(value))
        };
        (has_of(self, other), has_of(other, self))
    }

    /// Whether another reading shows another state; one that cannot be compared does not.
    pub fn differs(&self, reading: &Response) -> bool {
        self.differs_until(reading, None)
    }

    /// The same of what is still so in a later reading. What is a third value by then changes by itself: two readings of an unchanged
    /// state within one second show the same time, and the same token that is made of it.
    pub fn differs_until(&self, reading: &Response, later: Option<&Response>) -> bool {
        if !self.can_be_compared(reading) {
            return false;
        }
        let later = later.filter(|later| self.can_be_compared(later)).map(places).unwrap_or_default();
        let places = places(reading);
        self.stable.iter().any(|(place, value)| {
            let now = places.get(place);
            let then = later.get(place).filter(|then| *then != value);
            now != Some(value) && (now.is_none() || then.is_none() || then == now)
        })
    }
}

/// How many bytes were kept of a body, where that is not all of it.
fn kept(response: &Response) -> Option<usize> {
    response.truncated.then_some(response.body.len())
}

/// The scalars of a JSON body, or the lines, tags and texts of another, by their places.
fn places(response: &Response) -> BTreeMap<String, String> {
    let mut places = BTreeMap::new();
    let pieces = || pieces_of(&String::from_utf8_lossy(&response.body)).into_iter().map(Value::from).collect();
    walk("", &response.json().unwrap_or_else(pieces), &mut places);
    places
}

/// Many a page is one line: what changes by itself, such as a CSRF token, is one tag of it.
fn pieces_of(text: &str) -> Vec<&str> {
    let tagged = text.lines().flat_map(|line| line.split_inclusive('>'));
    let parted = tagged.flat_map(|piece| <[&str; 2]>::from(piece.split_at(piece.find('<').unwrap_or(piece.len()))));
    parted.filter(|piece| !piece.is_empty() && !is_token_of_page(piece)).collect()
}

/// Whether a tag of a page holds a CSRF token, which many servers make anew once a second.
fn is_token_of_page(piece: &str) -> bool {
    let piece = piece.to_ascii_lowercase();
    let is_kind = piece.starts_with("<input") || piece.starts_with("<meta");
    is_kind
        && ["csrf", "xsrf", "authenticity_token", "requestverificationtoken"].iter().any(|name| piece.contains(name))
}

fn walk(place: &str, value: &Value, places: &mut BTreeMap<String, String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (format!("{place}/{name}"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (format!("{place}/{at}"), item)).collect(),
        scalar => {
            let text = scalar.to_string();
            // two readings within a second show the same time, and a later one another
            let since_1970 = scalar.as_f64().is_some_and(|number| is_a_time(number as u64));
            if !since_1970 && !names_a_time(&text) {
                places.insert(place.to_owned(), text);
            }
            return;
        }
    };
    // what is added or removed shows here, unless this changes by itself as well
    places.insert(format!("{place}/#"), children.len().to_string());
    children.into_iter().for_each(|(place, value)| walk(&place, value, places));
}

/// Whether a text has a date (RFC 3339 §5.6, RFC 9110 §5.6.7) or a time of day in it.
fn names_a_time(text: &str) -> bool {
    let shaped = |shape: &[u8]| {
        let fits = |(byte, wanted): (&u8, &u8)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
        text.as_bytes().windows(shape.len()).any(|part| part.iter().zip(shape).all(fits))
    };
    shaped(b"0000-00-00") || shaped(b"00:00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(body: &str) -> Response {
        Response { status: 200, headers: Vec::new(), body: body.into(), truncated: false }
    }

    #[test]
    fn a_change_counts_where_nothing_changes_by_itself() {
        for (first, second, later, differs) in [
            (r#"{"n":1}"#, r#"{"n":1}"#, r#"{"n":1}"#, false),
            (r#"{"n":1}"#, r#"{"n":1}"#, r#"{"n":2}"#, true),
            // the time of each reading
            (r#"{"n":1,"at":"a"}"#, r#"{"n":1,"at":"b"}"#, r#"{"n":1,"at":"c"}"#, false),
            (r#"{"n":1,"at":"a"}"#, r#"{"n":1,"at":"b"}"#, r#"{"n":2,"at":"c"}"#, true),
            (
                r#"{"n":1,"at":"2026-11-26T03:00:01Z"}"#,
                r#"{"n":1,"at":"2026-11-26T03:00:01Z"}"#,
                r#"{"n":1,"at":1795650000}"#,
                false,
            ),
            // one more, or one less
            (r#"{"list":[7]}"#, r#"{"list":[7]}"#, r#"{"list":[7,8]}"#, true),
            (r#"{"list":[7]}"#, r#"{"list":[7]}"#, r#"{"list":[]}"#, true),
            (r#"{"list":[7]}"#, r#"{"list":[7,8]}"#, r#"{"list":[7,8,9]}"#, false),
            ("one\nat noon\n", "one\nat one\n", "one\nat two\n", false),
            ("one\nat noon\n", "one\nat one\n", "two\nat two\n", true),
            // a page of one line, with a token of each answer
            ("<p>Al<i v='1'>", "<p>Al<i v='2'>", "<p>Al<i v='3'>", false),
            ("<p>Al<i v='1'>", "<p>Al<i v='2'>", "<p>Bo<i v='3'>", true),
        ] {
            let (first, second) = (reading(first), reading(second));
            let state = StableState::of(&[&first, &second]).expect("there are readings");
            assert_eq!(state.differs(&reading(later)), differs, "{later}");
        }
    }

    #[test]
    fn what_changes_from_each_second_to_the_next_is_no_change() {
        for (before, after, later, differs) in [
            (r#"{"n":1,"t":"a"}"#, r#"{"n":1,"t":"b"}"#, Some(r#"{"n":1,"t":"c"}"#), false),
            (r#"{"n":1,"t":"a"}"#, r#"{"n":2,"t":"b"}"#, Some(r#"{"n":2,"t":"c"}"#), true),
            (r#"{"n":1,"t":"a"}"#, r#"{"n":1,"t":"b"}"#, Some(r#"{"n":1,"t":"b"}"#), true),
            // put back, removed, or not read any more
            (r#"{"n":1}"#, r#"{"n":2}"#, Some(r#"{"n":1}"#), true),
            (r#"{"n":1}"#, "{}", Some(r#"{"n":3}"#), true),
            (r#"{"n":1}"#, r#"{"n":2}"#, Some("gone"), true),
            (r#"{"n":1}"#, r#"{"n":2}"#, None, true),
            // a token of a page, however it changes
            ("<p>Al<input name='csrf_token' value='1'>", "<p>Al<input name='csrf_token' value='2'>", None, false),
            ("<p>Al<input name='city' value='1'>", "<p>Al<input name='city' value='2'>", None, true),
        ] {
            let (before, after, later) = (reading(before), reading(after), later.map(reading));
            let state = StableState::of(&[&before, &before]).expect("there are readings");
            assert_eq!(state.differs_until(&after, later.as_ref()), differs, "{after:?} {later:?}");
        }
    }

    #[test]
    fn the_start_of_a_reading_shows_nothing_beside_the_whole() {
        let whole = reading("<p>one<p>two");
        let start = |body: &str| Response { truncated: true, ..reading(body) };
        let state = StableState::of(&[&whole, &whole]).expect("can be compared");
        assert!(!state.differs(&start("<p>one<p>")) && !state.can_be_compared(&start("<p>one<p>")));
        assert!(StableState::of(&[&whole, &start("<p>one<p>")]).is_none());
        // as much of each shows what differs there
        let state = StableState::of(&[&start("<p>one<p>"), &start("<p>one<p>")]).expect("can be compared");
        assert!(!state.differs(&start("<p>one<p>")) && state.differs(&start("<p>two<p>")));
    }

    #[test]
    fn a_state_gave_way_where_most_of_it_is_what_another_one_shows() {
        let state = |bodies: &[&str]| {
            let readings: Vec<Response> = bodies.iter().map(|body| reading(body)).collect();
            StableState::of(&readings.iter().collect::<Vec<_>>()).expect("there are readings")
        };
        for (before, other, now, gave_way) in [
            (&[r#"{"user":"a"}"#; 2], &[r#"{"user":"b"}"#; 2], &[r#"{"user":"b"}"#; 2], true),
            (&[r#"{"user":"a"}"#; 2], &[r#"{"user":"b"}"#; 2], &[r#"{"user":"a"}"#; 2], false),
            // a third one is nobody's
            (&[r#"{"user":"a"}"#; 2], &[r#"{"user":"b"}"#; 2], &[r#"{"user":"c"}"#; 2], false),
            // random words, of which one came twice
            (
                &[r#"{"verse":"fog"}"#; 2],
                &[r#"{"verse":"reed"}"#, r#"{"verse":"fog"}"#],
                &[r#"{"verse":"reed"}"#; 2],
                false,
            ),
            (
                &[r#"{"verse":"fog"}"#; 2],
                &[r#"{"verse":"reed"}"#; 2],
                &[r#"{"verse":"reed"}"#, r#"{"verse":"fog"}"#],
                false,
            ),
            (
                &[r#"{"user":"a","verse":"fog"}"#; 2],
                &[r#"{"user":"b","verse":"reed"}"#; 2],
                &[r#"{"user":"a","verse":"reed"}"#; 2],
                false,
            ),
            // the token of the former session stays with it
            (
                &[r#"{"user":"a","mail":"a@a.test","csrf":"1f"}"#; 2],
                &[r#"{"user":"b","mail":"b@a.test","csrf":"2e"}"#; 2],
                &[r#"{"user":"b","mail":"b@a.test","csrf":"1f"}"#; 2],
                true,
            ),
            (&[r#"{"user":"a"}"#; 2], &[r#"{"user":"a"}"#; 2], &[r#"{"user":"a"}"#; 2], false),
        ] {
            assert_eq!(state(before).gave_way(&state(other), &state(now)), gave_way, "{before:?} {other:?} {now:?}");
        }
    }

    #[test]
    fn a_reading_is_like_the_state_of_which_it_has_something() {
        let state = |body: &str| StableState::of(&[&reading(body), &reading(body)]).expect("there are readings");
        let alice = state(r#"{"user":"a","csrf":"1f","roles":["x"]}"#);
        let bob = state(r#"{"user":"b","csrf":"2e","roles":["x","y"]}"#);
        for (body, expected) in [
            (r#"{"user":"a","csrf":"3d","roles":["x"]}"#, (true, false)),
            (r#"{"user":"b","csrf":"3d","roles":["x","y"]}"#, (false, true)),
            (r#"{"user":"b","csrf":"3d"}"#, (false, true)),
            (r#"{"user":"c","csrf":"3d"}"#, (false, false)),
            // of both
            (r#"{"user":"a","csrf":"2e","roles":["x"]}"#, (true, true)),
        ] {
            assert_eq!(alice.likeness(&bob, &reading(body)), expected, "{body}");
        }
    }

    #[test]
    fn where_everything_changes_nothing_can_be_compared() {
        let (first, second) = (reading("a"), reading("b\nc"));
        assert!(StableState::of(&[&first, &second]).expect("there are readings").is_empty());
        assert!(StableState::of(&[]).is_none());
    }
}

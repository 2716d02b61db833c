//! Where requests without a credential are redirected to. Many guards name the way back in the address, as in
//! `/login?next=%2Forders`: it says what was asked for, and not how it was answered.

use std::collections::BTreeSet;

use percent_encoding::percent_decode;

use super::without_query;
use crate::observe::Request;

/// An address that requests without a credential are sent to.
#[derive(Clone, Debug)]
pub(super) struct RefusingAddress {
    to: Vec<u8>,
    /// Paths of the requests that were sent there.
    paths: Vec<Vec<u8>>,
}

impl RefusingAddress {
    /// An address that requests without a credential, for the same as these, were sent to.
    pub(super) fn with_way_back(to: Vec<u8>, requests: &[Request]) -> Self {
        let mut paths: Vec<Vec<u8>> = requests.iter().map(path_of).collect();
        paths.dedup();
        Self { to, paths }
    }

    /// An address of which every part counts.
    pub(super) fn exactly(to: Vec<u8>) -> Self {
        Self { to, paths: Vec::new() }
    }

    /// Whether another address is the same but for the query in the way back.
    pub(super) fn is(&self, to: &[u8], request: Option<&Request>) -> bool {
        self.to == to || self.is_but_for_the_way_back(to, request)
    }

    /// Whether both have a way back, each to the path that it answers, and are equal in everything else.
    fn is_but_for_the_way_back(&self, to: &[u8], request: Option<&Request>) -> bool {
        let (known, other) = (Address::of(&self.to), Address::of(to));
        let asked = request.map(path_of);
        let leads_back = |known: &[u8], other: &[u8]| {
            let (known, other) = (percent_decode(known).collect::<Vec<_>>(), percent_decode(other).collect::<Vec<_>>());
            // what is before the path, such as an origin, is the same too
            let alike = known.iter().zip(&other).take_while(|(known, other)| known == other).count();
            let learned: BTreeSet<usize> = self.paths.iter().flat_map(|path| places_of(path, &known)).collect();
            let mut places = self.paths.iter().chain(&asked).flat_map(|path| places_of(path, &other));
            places.any(|at| at <= alike && learned.contains(&at))
        };
        let is_equal = |(known, other): (&&[u8], &&[u8])| match (pair(known), pair(other)) {
            _ if known == other => true,
            ((name, Some(known)), (other_name, Some(other))) => name == other_name && leads_back(known, other),
            _ => false,
        };
        known.place == other.place
            && known.fragment == other.fragment
            && known.parameters.len() == other.parameters.len()
            && known.parameters.iter().zip(&other.parameters).all(is_equal)
    }
}

/// Whether a parameter of an address has the path of a request in it, as a page for a login keeps it for afterwards.
pub(super) fn has_way_back(to: &[u8], request: &Request) -> bool {
    let path = path_of(request);
    let values = Address::of(to).parameters.into_iter().filter_map(|parameter| pair(parameter).1);
    values.into_iter().any(|value| !places_of(&path, &percent_decode(value).collect::<Vec<_>>()).is_empty())
}

/// Whether two addresses without queries are the same but for the name of what was made: `/orders/7` and `/orders/8`. One of the
/// first level is a page, unless a number is in its name.
pub(super) fn are_of_one_kind(one: &[u8], other: &[u8]) -> bool {
    let split = |address: &[u8]| {
        let at = address.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
        (address[..at].to_vec(), address[at..].iter().any(u8::is_ascii_digit))
    };
    let ((one_in, one_counts), (other_in, other_counts)) = (split(one), split(other));
    one == other || (one_in == other_in && (!one_in.is_empty() || (one_counts && other_counts)))
}

/// An address in its parts.
struct Address<'a> {
    place: &'a [u8],
    parameters: Vec<&'a [u8]>,
    fragment: Option<&'a [u8]>,
}

impl<'a> Address<'a> {
    fn of(address: &'a [u8]) -> Self {
        let (address, fragment) = split(address, b'#');
        let (place, query) = split(address, b'?');
        let parameters = query.map(|query| query.split(|byte| *byte == b'&').collect()).unwrap_or_default();
        Self { place, parameters, fragment }
    }
}

/// What is before the first of these bytes, and what is behind it.
fn split(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == at) {
        Some(found) => (&text[..found], Some(&text[found + 1..])),
        None => (text, None),
    }
}

/// Name and value of a parameter.
fn pair(parameter: &[u8]) -> (&[u8], Option<&[u8]>) {
    split(parameter, b'=')
}

fn path_of(request: &Request) -> Vec<u8> {
    without_query(&request.target).to_vec()
}

/// Where a text contains a path as a whole: `/orders/done` does not contain `/orders`.
fn places_of(path: &[u8], text: &[u8]) -> BTreeSet<usize> {
    let decoded: Vec<u8> = percent_decode(path).collect();
    let behind_origin = path_behind_origin(text);
    let mut found = BTreeSet::new();
    for path in [path, &decoded] {
        // every address contains the path `/`
        let starts = |at: usize| path.len() > 1 || at == 0 || behind_origin == Some(at);
        let ends = |at: usize| text.get(at + path.len()).is_none_or(|byte| matches!(byte, b'?' | b'#' | b'&'));
        let parts = text.windows(path.len().max(1)).enumerate();
        found.extend(parts.filter(|(at, part)| *part == path && ends(*at) && starts(*at)).map(|(at, _)| at));
    }
    found
}

/// Where the path of an address with an origin starts.
fn path_behind_origin(address: &[u8]) -> Option<usize> {
    let host = address.windows(3).position(|part| part == b"://")? + 3;
    let length = address[host..].iter().position(|byte| *byte == b'/').filter(|length| *length > 0)?;
    Some(host + length)
}

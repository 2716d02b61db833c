//! One cause, one finding: which failures of which checks have the same cause; pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::check::{Explanation, Severity, Verdict, catalogue, find};
use crate::event::{Answering, Cell, CellName, CheckResult, Finding, Part};

/// A check that fails or warns, as far as causes look at it.
#[derive(Clone, Debug)]
pub struct FailedCheck {
    check: String,
    severity: Severity,
    /// Place in the catalogue; checks of the scenario come behind.
    order: usize,
    cells: Vec<Cell>,
}

impl FailedCheck {
    /// A result, if it fails or warns.
    pub fn of(result: &CheckResult) -> Option<Self> {
        if !result.has_finding() {
            return None;
        }
        let order = catalogue().position(|check| check.id == result.id).unwrap_or(usize::MAX);
        Some(Self { check: result.id.clone(), severity: result.severity, order, cells: result.all_cells() })
    }
}

/// What makes two cells one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    waived: bool,
    protocol: bool,
    explanation: Explanation,
    /// The check, where the cause is what the check itself is about.
    check: Option<&'a str>,
    /// Who answers, where it is no resource: another handler than those of the resources, whose faults are its own.
    answering: Option<Answering>,
    /// Endpoint and method, where the cause is a property of one route.
    route: Option<(Cow<'a, str>, &'a str)>,
}

type Member<'a> = (&'a FailedCheck, &'a Cell);

/// Failures by cause, the worst first. The order in which they came does not matter.
pub fn findings(failures: &[FailedCheck]) -> Vec<Finding> {
    let mut all: Vec<Member<'_>> =
        failures.iter().flat_map(|one| one.cells.iter().map(move |cell| (one, cell))).collect();
    all.sort_by_key(|(failure, _)| (failure.order, failure.check.as_str()));
    let mut causes = BTreeMap::<Key<'_>, Vec<Member<'_>>>::new();
    for member in &all {
        causes.entry(cause(*member, &all, 0)).or_default().push(*member);
    }
    let mut joined = BTreeMap::<(Key<'_>, Option<&str>), (Vec<Key<'_>>, Vec<Member<'_>>)>::new();
    for (key, members) in causes {
        let by = match key.explanation.is_of_reading() {
            true => {
                (Key { route: None, ..key.clone() }, Some(root(std::slice::from_ref(&key), &members).0.check.as_str()))
            }
            false => (key.clone(), None),
        };
        let (keys, all) = joined.entry(by).or_default();
        keys.push(key);
        all.extend(members);
    }
    let mut findings: Vec<(usize, Finding)> =
        joined.into_values().map(|(keys, members)| finding(&keys, &members)).collect();
    findings.sort_by_key(|(order, one)| (one.rank(), *order, one.check.clone()));
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Chains of implication are short; this ends them where somebody declares a circle.
const DEEPEST: usize = 8;

/// The cause of a cell: its own, or that of the strongest cell at the same resource and method that implies it.
fn cause<'a>(member: Member<'a>, all: &[Member<'a>], depth: usize) -> Key<'a> {
    if depth < DEEPEST
        && let Some(stronger) = implying(member, all)
    {
        return cause(stronger, all, depth + 1);
    }
    own(member)
}

fn own<'a>((failure, cell): Member<'a>) -> Key<'a> {
    let is_own = cell.explanation == Explanation::Own;
    let of_route = cell.explanation.is_of_route() || (is_own && cell.part == Part::Access);
    let answering = answering(failure, cell);
    // what breaks one endpoint of an authorization server is not what breaks another one; resources share a framework
    let of_endpoint = cell.explanation == Explanation::ServerError && answering.is_some();
    let route = match (of_route, of_endpoint) {
        (true, _) => Some((route_of(cell), cell.method.as_str())),
        (false, true) => Some((route_of(cell), "")),
        (false, false) => None,
    };
    Key {
        waived: cell.waived.is_some(),
        protocol: cell.part == Part::Protocol,
        explanation: cell.explanation,
        answering,
        check: is_own.then_some(failure.check.as_str()),
        route,
    }
}

/// The route of a cell. The objects of several tenants at one route are the same cause: a path stands for those that differ from it
/// in identifiers alone.
fn route_of(cell: &Cell) -> Cow<'_, str> {
    if cell.explanation != Explanation::Tenant {
        return Cow::Borrowed(&cell.endpoint);
    }
    let path = cell.endpoint.split('?').next().unwrap_or_default();
    let segments = path.split('/').map(|segment| if is_identifier(segment) { "{}" } else { segment });
    Cow::Owned(segments.collect::<Vec<_>>().join("/"))
}

/// Whether a segment of a path looks like that of an object: it has a digit, and is no version of an interface.
fn is_identifier(segment: &str) -> bool {
    let number = segment.strip_prefix(['v', 'V']).unwrap_or_default();
    let is_version = number.starts_with(|first: char| first.is_ascii_digit())
        && number.chars().all(|one| one.is_ascii_digit() || one == '.');
    segment.contains(|one: char| one.is_ascii_digit()) && !is_version
}

/// Whether a check looks at the answers of an authorization server.
fn is_of_issuer(check: &str) -> bool {
    ["token.", "introspect.", "revoke.", "meta."].iter().any(|group| check.starts_with(group))
}

/// Whether a check looks at the answers of a login.
fn is_of_login(check: &str) -> bool {
    ["login.", "refresh.", "grant."].iter().any(|group| check.starts_with(group))
}

/// Who answers, as far as that makes another cause.
fn answering(failure: &FailedCheck, cell: &Cell) -> Option<Answering> {
    use Explanation::{Audience, ForeignHost, Issuer, Revocation, ServerError, Time, Unverified};
    match (cell.part, cell.explanation, cell.answering) {
        // what a login makes of a host is what its framework makes of it elsewhere
        (_, ForeignHost, Some(Answering::Login)) => None,
        // what an introspection endpoint says of a token is what resources act on
        (Part::Access, Time | Revocation | Issuer | Audience | Unverified, Some(Answering::AuthorizationServer)) => {
            None
        }
        (_, _, Some(answering)) => Some(answering),
        (Part::Protocol, ..) if is_of_issuer(&failure.check) => Some(Answering::AuthorizationServer),
        (_, ServerError, None) if is_of_login(&failure.check) => Some(Answering::Login),
        (_, _, None) => None,
    }
}

/// The strongest cell that implies another. A waived one explains no failure that nobody answers for.
fn implying<'a>((failure, cell): Member<'a>, all: &[Member<'a>]) -> Option<Member<'a>> {
    let beside = || {
        all.iter().copied().filter(|(_, other)| {
            (&other.endpoint, &other.method) == (&cell.endpoint, &cell.method)
                && other.waived.is_some() == cell.waived.is_some()
                // a warning is no cause of a failure
                && other.verdict <= cell.verdict
        })
    };
    // what an answer lacks is explained by its status only where the same status is the deviation
    let alike =
        |other: &Cell| cell.part == Part::Access || cell.statuses.iter().all(|one| other.statuses.contains(one));
    let explains = |other: &Cell, wanted: Explanation| other.explanation == wanted && alike(other);
    let explained = cell.implied_by.iter().find_map(|wanted| beside().find(|(_, other)| explains(other, *wanted)));
    let declared = find(&failure.check).map(|check| check.implied_by).unwrap_or_default();
    explained.or_else(|| folded(cell, beside())).or_else(|| own_status((failure, cell), beside())).or_else(|| {
        // what a check shows beside what it is about has a cause of its own
        let own = cell.explanation == Explanation::Own
            || find(&failure.check).map(|check| check.shows) == Some(cell.explanation);
        let of_part = |(other, seen): &Member<'a>, id: &str| {
            // whoever lets in what has to stay out also lets in what is better refused
            let is_of_part = seen.part == cell.part || (seen.part == Part::Access && cell.verdict == Verdict::Warn);
            other.check == id && is_of_part && !seen.explanation.stands_alone() && alike(seen)
        };
        let mut ids = declared.iter().filter(|_| own);
        ids.find_map(|id| beside().find(|member| of_part(member, id)))
    })
}

/// A malformed credential that is answered like an invalid one deviates for the same reason.
fn folded<'a>(cell: &Cell, mut beside: impl Iterator<Item = Member<'a>>) -> Option<Member<'a>> {
    let is_malformed = cell.explanation == Explanation::MalformedStatus;
    let alike = |other: &Cell| {
        other.explanation == Explanation::InvalidStatus && cell.statuses.iter().all(|one| other.statuses.contains(one))
    };
    beside.find(|(_, other)| is_malformed && alike(other))
}

/// What the answers of a check lack is explained by their status where the same check takes that for wrong.
fn own_status<'a>((failure, cell): Member<'a>, mut beside: impl Iterator<Item = Member<'a>>) -> Option<Member<'a>> {
    let lacks = matches!(cell.explanation, Explanation::ErrorAbsent | Explanation::ChallengeAbsent);
    let explains = |other: &Cell| {
        other.part == Part::Protocol
            && other.explanation == Explanation::Own
            && cell.statuses.iter().all(|one| other.statuses.contains(one))
    };
    beside.find(|(other, seen)| lacks && other.check == failure.check && explains(seen))
}

/// The member that shows a cause best.
fn root<'a>(keys: &[Key<'a>], members: &[Member<'a>]) -> Member<'a> {
    let roots = || members.iter().filter(|member| keys.contains(&own(**member)));
    let best = |(failure, cell): &&&Member<'_>| {
        let declared = find(&failure.check).is_some_and(|check| check.shows == cell.explanation);
        (cell.verdict, !cell.explanation.is_topic_of(&failure.check) && !declared)
    };
    let first = roots().min_by_key(|member| best(&member));
    *first.or(members.first()).expect("a cause has members")
}

fn finding<'a>(keys: &[Key<'a>], members: &[Member<'a>]) -> (usize, Finding) {
    let (root, shown) = root(keys, members);
    let mut also_affected: Vec<String> = Vec::new();
    for (failure, _) in members.iter().filter(|(failure, _)| failure.check != root.check) {
        if !also_affected.contains(&failure.check) {
            also_affected.push(failure.check.clone());
        }
    }
    let name = |(failure, cell): &Member<'_>| CellName {
        check: failure.check.clone(),
        endpoint: cell.endpoint.clone(),
        method: cell.method.clone(),
    };
    let mut cells = vec![name(&(root, shown))];
    for cell in members.iter().map(name) {
        if !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    let severity = |(failure, cell): &Member<'_>| match cell.part {
        Part::Access => failure.severity,
        Part::Protocol => failure.severity.min(Severity::Low),
    };
    let finding = Finding {
        check: root.check.clone(),
        verdict: members.iter().map(|(_, cell)| cell.verdict).min().unwrap_or(shown.verdict),
        part: shown.part,
        severity: members.iter().map(severity).max().unwrap_or(root.severity),
        endpoint: shown.endpoint.clone(),
        method: shown.method.clone(),
        cause: shown.explanation,
        summary: shown.summary.clone(),
        also_affected,
        cells,
        shown_by: shown.shown_by,
        waived: shown.waived.clone(),
    };
    (root.order, finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Explanation::{self, *};
    use crate::event::Waived;

    /// A failing cell: check, endpoint, part, explanation, what implies it.
    fn cell(endpoint: &str, part: Part, explanation: Explanation, implied_by: &[Explanation]) -> Cell {
        Cell {
            endpoint: endpoint.to_owned(),
            method: "GET".to_owned(),
            answering: None,
            part,
            verdict: Verdict::Fail,
            explanation,
            implied_by: implied_by.to_vec(),
            summary: format!("{} at {endpoint}", explanation.name()),
            further: Vec::new(),
            expected: String::new(),
            seen: String::new(),
            statuses: vec![200],
            shown_by: None,
            waived: None,
        }
    }

    fn failure(check: &str, cells: Vec<Cell>) -> FailedCheck {
        let order = catalogue().position(|one| one.id == check).unwrap_or(usize::MAX);
        FailedCheck { check: check.to_owned(), severity: Severity::High, order, cells }
    }

    fn access(check: &str, endpoint: &str, explanation: Explanation) -> FailedCheck {
        let implied = [Anonymous, UnknownCredential, Unverified];
        let implied: Vec<_> = implied.into_iter().take_while(|one| *one != explanation).collect();
        failure(check, vec![cell(endpoint, Part::Access, explanation, &implied)])
    }

    fn protocol(check: &str, endpoint: &str, explanation: Explanation, status: u16) -> FailedCheck {
        let mut cell = cell(endpoint, Part::Protocol, explanation, explanation.protocol_implied_by());
        cell.statuses = vec![status];
        failure(check, vec![cell])
    }

    /// Checks of each finding: the one that shows it first.
    fn by_cause(failures: &[FailedCheck]) -> Vec<Vec<String>> {
        let one = |finding: Finding| std::iter::once(finding.check).chain(finding.also_affected).collect();
        findings(failures).into_iter().map(one).collect()
    }

    #[test]
    fn what_one_check_finds_about_reading_is_one_finding_and_names_each_route() {
        let spelled = |check: &str, endpoint: &str| access(check, endpoint, Spelling);
        for (failures, expected) in [
            (
                vec![
                    ("common.path-normalisation-not-a-bypass", "/a"),
                    ("common.path-normalisation-not-a-bypass", "/b"),
                ],
                1,
            ),
            (vec![("common.path-normalisation-not-a-bypass", "/a"), ("httpsig.path-as-sent", "/b")], 2),
        ] {
            let failures: Vec<FailedCheck> = failures.into_iter().map(|(check, at)| spelled(check, at)).collect();
            let found = findings(&failures);
            assert_eq!(found.len(), expected, "{found:?}");
            let places: usize = found.iter().map(|finding| finding.cells.len()).sum();
            assert_eq!(places, failures.len());
        }
        // each route has its own guard, and its own methods
        let of_route = |explanation: Explanation| {
            ["/a", "/b"].map(|at| access("common.unlisted-method-not-a-bypass", at, explanation))
        };
        assert_eq!(findings(&of_route(Method)).len(), 2);
        assert_eq!(findings(&of_route(Scope)).len(), 2);
        assert_eq!(findings(&of_route(Unsigned)).len(), 1);
    }

    #[test]
    fn failures_join_the_strongest_that_implies_them_at_the_same_resource() {
        let anonymous = access("apikey.missing-denied", "/a", Anonymous);
        let unknown = access("apikey.invalid-denied", "/a", UnknownCredential);
        let near = access("apikey.near-miss-denied", "/a", Own);
        let none = access("jwt.alg-none-refused", "/a", Own);
        let signature = access("jwt.signature-verified", "/a", Unverified);
        let expired = access("jwt.exp-enforced", "/a", Time);
        let bearer = access("bearer.expired-token-401", "/a", Time);
        let issuer = access("jwt.iss-enforced", "/a", Issuer);
        let elsewhere = access("apikey.near-miss-denied", "/b", Own);
        let cases: Vec<(Vec<&FailedCheck>, Vec<Vec<&str>>)> = vec![
            (vec![&near, &unknown], vec![vec!["apikey.invalid-denied", "apikey.near-miss-denied"]]),
            // the order in which they came does not matter, and the strongest explains all
            (
                vec![&near, &unknown, &anonymous],
                vec![vec!["apikey.missing-denied", "apikey.invalid-denied", "apikey.near-miss-denied"]],
            ),
            // nobody looked whether any key opens the other resource
            (vec![&unknown, &elsewhere], vec![vec!["apikey.invalid-denied"], vec!["apikey.near-miss-denied"]]),
            // siblings never absorb each other
            (vec![&none, &expired], vec![vec!["jwt.alg-none-refused"], vec!["jwt.exp-enforced"]]),
            (vec![&expired, &issuer], vec![vec!["jwt.exp-enforced"], vec!["jwt.iss-enforced"]]),
            (
                vec![&signature, &expired, &none],
                vec![vec!["jwt.signature-verified", "jwt.alg-none-refused", "jwt.exp-enforced"]],
            ),
            (vec![&expired, &bearer], vec![vec!["jwt.exp-enforced", "bearer.expired-token-401"]]),
        ];
        for (failures, expected) in cases {
            let mut failures: Vec<FailedCheck> = failures.into_iter().cloned().collect();
            assert_eq!(by_cause(&failures), expected);
            failures.reverse();
            assert_eq!(by_cause(&failures), expected);
        }
    }

    #[test]
    fn protocol_causes_fold_and_never_join_access() {
        let status = protocol("apikey.invalid-denied", "/a", InvalidStatus, 401);
        let absent = protocol("common.401-carries-challenge", "/a", ChallengeAbsent, 401);
        let grammar = protocol("common.challenge-grammar", "/a", ChallengeGrammar, 401);
        let malformed = protocol("basic.malformed-credentials-denied", "/a", MalformedStatus, 401);
        let other = protocol("basic.malformed-credentials-denied", "/a", MalformedStatus, 418);
        let broken = protocol("common.malformed-credential-never-5xx", "/a", ServerError, 500);
        let secret = protocol("apikey.not-echoed", "/a", Secret, 403);
        let host = protocol("common.foreign-host-not-reflected", "/a", Explanation::ForeignHost, 200);
        let host_of_login = protocol("login.foreign-host-not-reflected", "/login", Explanation::ForeignHost, 302);
        let granted = access("apikey.missing-denied", "/a", Anonymous);
        let bad_request = protocol("bearer.garbage-token-401", "/a", InvalidStatus, 400);
        let mut warning = status.clone();
        warning.cells[0].verdict = Verdict::Warn;
        let cases: Vec<(Vec<&FailedCheck>, usize)> = vec![
            (vec![&status, &absent, &grammar], 1),
            (vec![&absent, &grammar], 1),
            // what a login makes of a host is what its framework makes of it elsewhere
            (vec![&host, &host_of_login], 1),
            (vec![&grammar], 1),
            (vec![&status, &malformed], 1),
            (vec![&status, &other], 2),
            // a challenge that is missing on 401 is not explained by a 400 elsewhere
            (vec![&bad_request, &absent], 2),
            // nor a failure by a warning
            (vec![&warning, &absent], 2),
            (vec![&status, &broken, &secret, &granted], 4),
        ];
        for (failures, expected) in cases {
            let failures: Vec<FailedCheck> = failures.into_iter().cloned().collect();
            assert_eq!(by_cause(&failures).len(), expected, "{:?}", by_cause(&failures));
        }
    }

    #[test]
    fn a_fault_of_a_resource_is_none_of_an_authorization_server_or_a_login() {
        let at = |check: &str, endpoint: &str, part, explanation, answering| {
            let mut failed = failure(check, vec![cell(endpoint, part, explanation, &[])]);
            failed.cells[0].answering = answering;
            failed
        };
        let (server, login) = (Some(Answering::AuthorizationServer), Some(Answering::Login));
        let both = ("bearer.denial-has-challenge", "common.401-carries-challenge");
        for (explanation, part, checks, answering, joined) in [
            (ChallengeAbsent, Part::Protocol, both, server, false),
            (ChallengeAbsent, Part::Protocol, both, login, false),
            (ChallengeAbsent, Part::Protocol, both, None, true),
            (ChallengeGrammar, Part::Protocol, ("common.challenge-grammar", "common.challenge-grammar"), server, false),
            (
                Secret,
                Part::Protocol,
                ("common.auth-error-no-internals", "common.auth-error-no-internals"),
                login,
                false,
            ),
            (ServerError, Part::Protocol, ("common.malformed-credential-never-5xx", "token.malformed"), server, false),
            (Own, Part::Protocol, ("common.405-names-methods", "common.405-names-methods"), login, false),
            (Own, Part::Protocol, ("common.405-names-methods", "common.405-names-methods"), None, true),
            (Timing, Part::Access, ("basic.timing-user-enumeration", "login.timing"), login, false),
            (Revocation, Part::Access, ("apikey.revoked-denied", "refresh.reuse"), login, false),
            // the same token, at the endpoint that resources ask
            (Revocation, Part::Access, ("introspect.revoked-inactive", "bearer.revoked"), server, true),
            (Explanation::ForeignHost, Part::Protocol, ("common.foreign-host-not-reflected", "login.x"), login, true),
        ] {
            let resource = at(checks.0, "/a", part, explanation, None);
            let other = at(checks.1, "/token", part, explanation, answering);
            let found = findings(&[resource, other]).len();
            assert_eq!(found, if joined { 1 } else { 2 }, "{explanation:?} {answering:?} {checks:?}");
        }
        // an endpoint that breaks says nothing of another one
        for (endpoints, expected) in [(["/token", "/token"], 1), (["/token", "/register"], 2)] {
            let [one, other] = endpoints.map(|at| cell(at, Part::Protocol, ServerError, &[]));
            let both =
                [failure("token.missing-grant-type", vec![one]), failure("register.malformed-never-5xx", vec![other])];
            let both = both.map(|mut failed| {
                failed.cells[0].answering = server;
                failed
            });
            assert_eq!(findings(&both).len(), expected, "{endpoints:?}");
        }
        // by their checks, in records that do not say who answers
        let resource = at("bearer.denial-has-challenge", "/a", Part::Protocol, ChallengeAbsent, None);
        let issuer = at("token.bad-secret-basic-401", "/token", Part::Protocol, ChallengeAbsent, None);
        assert_eq!(findings(&[resource, issuer]).len(), 2);
    }

    #[test]
    fn a_revocation_that_is_advised_joins_the_logout_that_it_is() {
        let logout = access("login.logout-ends-credential", "/userinfo", Revocation);
        let mut revoked = protocol("grant.revocation-ends-token", "/userinfo", Own, 200);
        revoked.cells[0].verdict = Verdict::Warn;
        let joined = [vec!["login.logout-ends-credential", "grant.revocation-ends-token"]];
        assert_eq!(by_cause(&[logout.clone(), revoked.clone()]), joined);
        revoked.cells[0].endpoint = "/orders".to_owned();
        assert_eq!(by_cause(&[logout, revoked]).len(), 2);
    }

    #[test]
    fn open_routes_are_causes_of_their_own_and_a_verifier_is_one() {
        let both = |explanation| {
            let at = |endpoint| cell(endpoint, Part::Access, explanation, &[]);
            failure("apikey.invalid-denied", vec![at("/a"), at("/b")])
        };
        let open = findings(&[both(Anonymous)]);
        assert_eq!(open.iter().map(|one| one.endpoint.as_str()).collect::<Vec<_>>(), ["/a", "/b"]);
        let any_key = findings(&[both(UnknownCredential)]);
        assert_eq!(any_key.len(), 1);
        assert_eq!(any_key[0].cells.iter().map(|cell| cell.endpoint.as_str()).collect::<Vec<_>>(), ["/a", "/b"]);
    }

    #[test]
    fn objects_of_one_route_are_one_cause_and_other_routes_are_not() {
        let found = |explanation, one: &str, other: &str| {
            let at = |endpoint| cell(endpoint, Part::Access, explanation, &[]);
            findings(&[failure("common.object-ownership", vec![at(one), at(other)])])
        };
        for (one, other, joined) in [
            ("/v1/orders/ord-1", "/v1/orders/ord-2", true),
            ("/v1/orders/1/lines/7?a=1", "/v1/orders/2/lines/8", true),
            ("/v1/orders/1", "/v1/invoices/1", false),
            ("/v1/orders/1", "/v1/orders/1/lines", false),
            ("/v1/orders/open", "/v1/orders/closed", false),
            ("/v1/orders/1", "/v2/orders/1", false),
        ] {
            let all = found(Tenant, one, other);
            assert_eq!(all.len(), if joined { 1 } else { 2 }, "{one} {other}");
            assert_eq!(all.iter().map(|finding| finding.cells.len()).sum::<usize>(), 2, "{one} {other}");
        }
        // a route that lacks its guard is a cause by itself
        assert_eq!(found(Anonymous, "/orders/1", "/orders/2").len(), 2);
    }

    #[test]
    fn a_waived_cell_explains_no_failure_that_nobody_answers_for() {
        let mut root = access("apikey.invalid-denied", "/a", UnknownCredential);
        root.cells[0].waived = Some(Waived {
            reason: "known".to_owned(),
            owner: "api".to_owned(),
            expires: "2099-01-01".to_owned(),
            ticket: None,
            approved_by: None,
        });
        let new = access("apikey.near-miss-denied", "/a", Own);
        let found = findings(&[root, new]);
        let told: Vec<_> = found.iter().map(|one| (one.check.as_str(), one.fails())).collect();
        assert_eq!(told, [("apikey.near-miss-denied", true), ("apikey.invalid-denied", false)]);
    }
}

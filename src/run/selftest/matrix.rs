//! Faults against checks: which check finds which fault.

use std::fmt::Write as _;

use super::{Ended, Trial, TrialError, TrialLogin, is_costly, schemes_of};
use crate::check::step::Step;
use crate::check::{Check, Verdict, catalogue, find};
use crate::event::CheckResult;
use crate::exit::Exit;
use crate::reference::{Fault, FaultKind};

/// What came of one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    /// Name of the fault.
    pub fault: &'static str,
    /// The check that has to find it.
    pub check: &'static str,
    /// What the check has to conclude.
    pub kind: FaultKind,
    /// The scheme under which it was tried; the first of several.
    pub scheme: &'static str,
    /// Whether its check failed or warned, or was left without a verdict where it had to be.
    pub killed: bool,
    /// Other checks that failed or warned, in order of their ids.
    pub also: Vec<String>,
    /// What its check said.
    pub said: String,
}

/// Checks that ask only over TLS.
const NEED_TLS: [&str; 4] =
    ["session.cookie-secure", "common.tls-floor", "common.plain-http-refused", "common.hsts-present"];

/// Faults that show over TLS alone.
const SHOWN_OVER_TLS: [&str; 1] = ["session-cookie-for-all-sites"];

/// Checks that ask clients of an authorization server for their certificates.
const NEED_CERTIFICATES: [&str; 4] = [
    "mtls.client-binding-at-token-endpoint",
    "mtls.issued-token-has-thumbprint",
    "mtls.bound-token-needs-certificate",
    "meta.mtls-aliases",
];

/// Checks of token endpoints of logins that ask for metadata, or for a client that no request goes without.
const NEED_CODES: [&str; 7] = [
    "grant.published-authentication-works",
    "grant.client-scheme-name",
    "grant.revocation-ends-token",
    "grant.revocation-ends-refresh-token",
    "grant.revocation-by-others-refused",
    "grant.revocation-unknown-token-200",
    "grant.revocation-wrong-hint",
];

/// Faults of refresh tokens of clients that authenticate.
const NEED_CLIENTS: [&str; 1] = ["used-refresh-token-of-any-client"];

/// Faults that show where a scheme is used in its other form.
const NEED_OTHER_FORM: [&str; 3] = ["chunk-signatures-ignored", "last-chunk-optional", "key-scheme-by-case"];

/// Faults that their checks see in the answers to another check, which costs too much to be tried beside every fault.
const SHOWN_TO_ANOTHER: [(&str, &str); 3] = [
    ("cacheable-429-at-login", "login.guessing-throttled"),
    ("logout-refused-without-challenge", "login.logout-without-credential-never-5xx"),
    ("grant-client-refused-without-challenge", "grant.authenticates-client"),
];

/// The check whose answers show a fault.
fn shown_to(fault: &Fault) -> &'static str {
    SHOWN_TO_ANOTHER.iter().find(|(name, _)| *name == fault.name).map_or(fault.check, |(_, check)| *check)
}

/// Whether a check is about one-time codes.
fn has_codes(check: &str) -> bool {
    find(check).is_some_and(Check::needs_one_time_codes)
}

/// The login that a fault and its check ask for, where the scheme has credentials that are given.
fn login_for(fault: &Fault, scheme: &str) -> TrialLogin {
    let check = shown_to(fault);
    match find(check).map(Check::group) {
        _ if has_codes(check) => TrialLogin::OneTime,
        Some("session") if fault.name == "refresh-cookie-without-httponly" => TrialLogin::RefreshedSession,
        Some("refresh") if NEED_CLIENTS.contains(&fault.name) => TrialLogin::Grant,
        Some("login" | "refresh") if scheme != "session" => TrialLogin::Requests,
        Some("grant") if NEED_CODES.contains(&check) => TrialLogin::Code,
        Some("grant") => TrialLogin::Grant,
        Some("code") if check == "code.user-logs-in" => TrialLogin::SingleSignOn,
        Some("code") if check == "code.scope-not-escalated" => TrialLogin::CodeForWrites,
        Some("code" | "openid") => TrialLogin::Code,
        Some("register") if scheme == "bearer" => TrialLogin::Code,
        _ => TrialLogin::None,
    }
}

/// Tries a fault under a profile: its own check, and the others of the same scheme that cost little where these are asked for. Where its check cannot
/// be executed under a scheme, the next that sees its topic is tried.
///
/// # Errors
/// When the scenario cannot be made.
pub async fn kill(fault: &'static Fault, profile: &'static str, others: bool) -> Result<Kill, TrialError> {
    if matches!(fault.kind, FaultKind::Outcome | FaultKind::Undecidable) {
        return under_every_scheme(fault, profile).await;
    }
    let mut last = None;
    let mut schemes = schemes_of(shown_to(fault));
    // the reference has them at one login
    schemes.retain(|scheme| *scheme == "bearer" || !has_codes(fault.check));
    for scheme in schemes {
        // some forgeries of algorithms exist for one family only
        let algs: &[Option<&'static str>] = match scheme {
            "jwt" => &[None, Some("RS256"), Some("HS256")],
            "http-signature" => &[None, Some("rsa-pss-sha512")],
            _ => &[None],
        };
        for alg in algs {
            let (kill, executed) = under(fault, (scheme, *alg), profile, others).await?;
            // not every scheme shows a variant
            let decides = executed && scheme != "jwt" && fault.kind != FaultKind::Variant;
            if kill.killed || decides {
                return Ok(kill);
            }
            last = Some(kill);
        }
    }
    last.ok_or(TrialError::Unseen(fault.check))
}

/// Tries a fault of outcomes under every scheme that sees its check, with that check alone: it has to be found, or left
/// without a verdict, under each of them; once more, alone, where it was not: this machine may do other things.
async fn under_every_scheme(fault: &'static Fault, profile: &'static str) -> Result<Kill, TrialError> {
    let mut schemes = schemes_of(fault.check);
    // where the handshake proves who a client is, a connection stays authenticated as it should
    let by_connection = |scheme: &str| crate::scheme::find(scheme).is_some_and(|scheme| scheme.proves_in_handshake());
    schemes.retain(|scheme| fault.name != "connection-stays-authenticated" || !by_connection(scheme));
    let mut said = Vec::new();
    for scheme in &schemes {
        let trial = Trial {
            profile,
            faults: vec![fault.name],
            checks: vec![fault.check],
            exchanges: false,
            ..Trial::of(scheme)
        };
        let mut ended = trial.run().await?;
        if !is_seen(fault, &ended) {
            ended = Trial { jobs: 1, ..trial }.run().await?;
        }
        if !is_seen(fault, &ended) {
            let own = ended.results.iter().find(|result| result.id == fault.check);
            let verdict = own.map_or_else(String::new, |own| format!("{}: {}", own.verdict, own.summary));
            said.push(format!("{scheme}: {:?}, {verdict}", ended.exit));
        }
    }
    let scheme = schemes.first().ok_or(TrialError::Unseen(fault.check))?;
    let (killed, said) = (said.is_empty(), said.join("; "));
    Ok(Kill { fault: fault.name, check: fault.check, kind: fault.kind, scheme, killed, also: Vec::new(), said })
}

/// Whether a fault of outcomes was found, or left without a verdict where it has to be: then there is no green run.
fn is_seen(fault: &Fault, ended: &Ended) -> bool {
    let own = ended.results.iter().find(|result| result.id == fault.check);
    match fault.kind {
        FaultKind::Undecidable => {
            own.is_some_and(|own| own.verdict == Verdict::Inconclusive) && ended.exit == Exit::Inconclusive
        }
        FaultKind::Principal | FaultKind::Variant | FaultKind::Outcome => {
            own.is_some_and(trips) && ended.exit != Exit::Passed
        }
    }
}

async fn under(
    fault: &'static Fault,
    (scheme, alg): (&'static str, Option<&'static str>),
    profile: &'static str,
    others: bool,
) -> Result<(Kill, bool), TrialError> {
    // what looks at the answers to all checks sees nothing where there are none
    let looks_back = |step: &Step| matches!(step, Step::LookBack(_));
    let others = others || find(fault.check).is_some_and(|check| check.steps.iter().any(looks_back));
    let groups = crate::scheme::find(scheme).map(|scheme| scheme.groups()).unwrap_or_default();
    let tried = catalogue().filter(|check| check.is_of(groups));
    let tried = tried
        .filter(|check| [fault.check, shown_to(fault)].contains(&check.id) || (others && !is_costly(check)))
        // each login waits for its code
        .filter(|check| !has_codes(fault.check) || check.id == fault.check)
        .map(|check| check.id);
    let trial = Trial {
        alg,
        profile,
        faults: vec![fault.name],
        checks: tried.collect(),
        login: login_for(fault, scheme),
        tls: NEED_TLS.contains(&fault.check) || SHOWN_OVER_TLS.contains(&fault.name),
        certificates: NEED_CERTIFICATES.contains(&fault.check),
        other_form: NEED_OTHER_FORM.contains(&fault.name),
        exchanges: false,
        ..Trial::of(scheme)
    };
    let (exit, results) = settled(&trial).await?;
    let own = results.iter().find(|result| result.id == fault.check);
    let mut also: Vec<String> = results.iter().filter(|result| trips(result)).map(|one| one.id.clone()).collect();
    also.retain(|id| id != fault.check);
    also.sort();
    let said = own.map_or_else(|| "it did not run".to_owned(), |own| format!("{}: {}", own.verdict, own.summary));
    let executed = own.is_some_and(|own| !matches!(own.verdict, Verdict::NotTested | Verdict::NotApplicable));
    // where no good credential is accepted, nothing can be proven: that is how a fault of this kind is found
    let blocks_everybody = fault.name.ends_with("-rejects-everything") && exit == Exit::Inconclusive;
    let killed = own.is_some_and(|own| trips(own) || (blocks_everybody && own.verdict == Verdict::Inconclusive));
    Ok((Kill { fault: fault.name, check: fault.check, kind: fault.kind, scheme, killed, also, said }, executed))
}

/// Results of a trial; what came to no verdict is tried once more, alone: on a machine that does other things a token can
/// end before its turn comes.
pub(super) async fn settled(trial: &Trial) -> Result<(Exit, Vec<CheckResult>), TrialError> {
    let open = |result: &CheckResult| result.verdict == Verdict::Inconclusive;
    let Ended { exit, results, .. } = trial.run().await?;
    let ids = results.iter().filter(|result| open(result)).filter_map(|result| find(&result.id)).map(|check| check.id);
    let again = Trial { checks: ids.collect(), jobs: 1, ..trial.clone() };
    if again.checks.is_empty() {
        return Ok((exit, results));
    }
    let decided = results.into_iter().filter(|result| !open(result));
    // controls run beside whatever is selected
    let repeated = again.run().await?.results.into_iter().filter(|result| again.checks.contains(&result.id.as_str()));
    Ok((exit, decided.chain(repeated).collect()))
}

fn trips(result: &CheckResult) -> bool {
    result.has_finding()
}

impl Kill {
    /// Whether the check samples: what it finds depends on the quiet of the machine.
    pub fn is_statistical(&self) -> bool {
        find(self.check).is_some_and(|check| check.mode == crate::check::Mode::Statistical)
    }
}

/// The kill matrix, one line for each fault: its check, whether that found it ("open" where an answer proves nothing and the
/// check said so), and which others did.
pub fn page(kills: &[Kill]) -> String {
    let mut page = String::new();
    for kill in kills {
        let state = match (kill.killed, kill.kind) {
            (false, _) => "SURVIVED",
            (true, FaultKind::Undecidable) => "open",
            (true, FaultKind::Principal | FaultKind::Variant | FaultKind::Outcome) => "killed",
        };
        let also = if kill.also.is_empty() { String::new() } else { format!("also {}", kill.also.join(" ")) };
        let line = format!("{:34} {:46} {state:8} {also}", kill.fault, kill.check);
        let _ = writeln!(page, "{}", line.trim_end());
        if !kill.killed {
            let _ = writeln!(page, "    {}", kill.said);
        }
    }
    page
}

//! What becomes of accounts when somebody registers, and what the answer says of them.

use std::collections::BTreeSet;

use super::indistinct::says_nothing_about_users;
use crate::check::judgement::sameness::{AnswerShape, sent_in, tells};
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, RegisteredName, SessionAct, UserSpelling, Want, login};
use crate::check::{Check, Doc, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Outcome, Response, StepId};

/// What a registration must not do.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "login.registration-keeps-accounts",
        title: "A registration with the name of an account leaves that account as it is",
        severity: Severity::Critical,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["CWE-289", "CWE-178", "WSTG-IDNT-02", "OWASP API2:2023"],
        doc: Doc {
            sends: "The `registration` of the scenario for a new user, which must be taken, and for the user of the credential with another password (`New1-` followed by the password): as the user-id is, with its letters in the other case, and with a space behind it. After each a login of the user with the new password, which must be refused, and one with the former password, which must not. Where an account was taken over, its password is put back by the `password_change` of the scenario, if it has one. The new user stays.",
            matters: "A registration that writes over an account, or that finds none because the name is spelled in another way and stores it as the same one, gives the account to whoever registers.",
            fix: "Bring user-ids into one form before they are looked up, stored and compared, have the database refuse a second one (a unique index over that form), and never update an account in a registration.",
        },
        steps: &[
            login(SessionAct::Register).granted(),
            login(SessionAct::RegisterAgain(None)).denied(REFUSED),
            login(SessionAct::RegisterAgain(Some(UserSpelling::OtherCase))).denied(REFUSED),
            login(SessionAct::RegisterAgain(Some(UserSpelling::SpaceBehind))).denied(REFUSED),
            login(SessionAct::LogIn("s")).granted().called("the login with the former password"),
        ],
        fault: "registration-overwrites-account",
        ..REFUSAL
    },
    Check {
        id: "login.registration-indistinct",
        title: "The answer to a registration does not reveal whether the name is taken",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 6.3.8", "CWE-204", "WSTG-IDNT-04"],
        doc: Doc {
            sends: "The `registration` of the scenario for two new users, which must be taken, and in turn with them twice for the user of the credential, each with another password (`New1-` followed by the password). What the two answers about the taken name have in common is compared with those about the new ones: status, header fields, the names of cookies and the body, without what was sent. 429 and 503 say nothing, and neither does a registration that fails for a new name. After each registration of the taken name a login with the new password and one with the former password show whether the account was taken over (`login.registration-keeps-accounts`), and its password is put back. The two new users stay.",
            matters: "Whoever learns which users exist needs to guess passwords of those only, and knows whom to write to in the name of the application. A registration that logs the new user in always says so.",
            fix: "Answer each registration with one status and one text, such as \"we have sent a mail to this address\", and let that mail say that there is an account, or confirm the new one. Log nobody in before that.",
        },
        steps: &[
            login(SessionAct::RegisterName(RegisteredName::New)).id(NEW).called("a registration of a new name"),
            login(SessionAct::RegisterName(RegisteredName::Taken))
                .id(TAKEN)
                .called("a registration of a name that is taken"),
            login(SessionAct::RegisterName(RegisteredName::New))
                .id(NEW_AGAIN)
                .called("a registration of another new name"),
            login(SessionAct::RegisterName(RegisteredName::Taken))
                .id(TAKEN_AGAIN)
                .called("a registration of a name that is taken, again"),
        ],
        compares_answers: true,
        expect: names_alike,
        fault: "registration-names-taken-user",
        ..PLAIN
    },
];

/// A name that is not free is refused as a value that is wrong.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

/// A name that nobody has, ...
const NEW: StepId = StepId::new("new");
/// ... another one, ...
const NEW_AGAIN: StepId = StepId::new("new-again");
/// ... the name of an account, ...
const TAKEN: StepId = StepId::new("taken");
/// ... and that name once more.
const TAKEN_AGAIN: StepId = StepId::new("taken-again");

/// The registration of a name that is taken is answered as that of a new one, each answer at its place among those to its
/// registration.
fn names_alike(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations() {
        let status = seen.exchange.status().unwrap_or_default();
        if seen.exchange.response().is_none() {
            case.judge_as(index, Want::Either, &mut judgement);
        } else if says_nothing_about_users(status) {
            judgement.leaves_open(format!(
                "{}: {status} says nothing about names; raise the limit of registrations for the run, or look at the log of the target",
                seen.description
            ));
        }
    }
    let ends = |step: StepId| case.observations_of(step).last();
    for (_, seen) in [NEW, NEW_AGAIN].into_iter().filter_map(ends).filter(|(_, seen)| seen.outcome != Outcome::Granted)
    {
        let status = seen.exchange.status().map_or("no answer".to_owned(), |status| status.to_string());
        judgement.leaves_open(format!(
            "{}: {status} is no success, so nothing can be compared; write `registration` as the application takes it, with the page before it that has a CSRF token",
            seen.description
        ));
    }
    let [Some(_), Some(_), Some(taken), Some(taken_again)] = [NEW, NEW_AGAIN, TAKEN, TAKEN_AGAIN].map(ends) else {
        return judgement;
    };
    let broke = [taken.1, taken_again.1].map(|seen| seen.exchange.status().filter(|status| *status >= 500));
    if broke[0] != broke[1] {
        judgement.leaves_open(format!("{}: the server broke once, which may have any reason", taken.1.description));
    }
    if !judgement.open.is_empty() {
        return judgement;
    }
    let most = case.observations_of(NEW).count().max(case.observations_of(TAKEN).count());
    let mut found: Vec<Judgement> = (0..most).map(|at| names_alike_at(case, at)).collect();
    if let Some(at) = found.iter().position(|one| !one.protocol.is_empty()) {
        // later answers follow from that one
        return found.swap_remove(at);
    }
    // what is a success for the scenario may be in what is not compared, such as the value of a cookie
    if [taken.1, taken_again.1].iter().all(|seen| seen.outcome == Outcome::Refused) {
        let text = "the registration of a name that is taken is no success by the `success` of the scenario, and that of a new name is";
        judgement.deviates(taken.0, text, ALIKE);
        return judgement;
    }
    found.into_iter().fold(judgement, Judgement::and)
}

/// What is expected of the answers.
const ALIKE: &str = "answers that cannot be told apart";

/// The same of the answers that have this place among those to their registrations.
fn names_alike_at(case: &ObservedCheck<'_>, at: usize) -> Judgement {
    let mut judgement = Judgement::default();
    let sent = names_sent(case);
    let answer = |step: StepId| {
        let (index, seen) = case.observations_of(step).nth(at)?;
        Some((index, seen.exchange.response()?, AnswerShape::of(&seen.exchange, &sent)?))
    };
    let (Some(new), Some(new_again), Some(taken), Some(taken_again)) =
        (answer(NEW), answer(NEW_AGAIN), answer(TAKEN), answer(TAKEN_AGAIN))
    else {
        return judgement;
    };
    if new.1.status != new_again.1.status {
        judgement.leaves_open(format!(
            "two new names are answered with {} and {}: the answers vary by themselves, so nothing can be compared",
            new.1.status, new_again.1.status
        ));
        return judgement;
    }
    let [shapes, of_taken] = [[&new.2, &new_again.2], [&taken.2, &taken_again.2]];
    let cookies = |answer: &Response| -> BTreeSet<String> {
        let names =
            answer.header_values("set-cookie").filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()));
        names.collect()
    };
    let difference = AnswerShape::sides_differ_in_head(shapes, of_taken)
        .or_else(|| {
            tells(shapes.map(AnswerShape::led_to), of_taken.map(AnswerShape::led_to))
                .then(|| "the field location".to_owned())
        })
        .or_else(|| {
            let [new, taken] = [[new.1, new_again.1], [taken.1, taken_again.1]].map(|both| both.map(cookies));
            sets_differ(&new, &taken).then(|| "the cookies that are set".to_owned())
        })
        .or_else(|| sets_differ(&shapes.map(said), &of_taken.map(said)).then(|| "the body".to_owned()));
    match difference {
        Some(difference) => {
            let text = format!("a name that is taken differs from a new one in {difference}");
            judgement.deviates(taken.0, text, ALIKE);
        }
        None if vary(shapes) || vary(of_taken) => judgement.leaves_open(
            "two answers to registrations of one kind have nothing in common, so nothing can be compared".to_owned(),
        ),
        None => {}
    }
    judgement
}

/// The parts of a body.
fn said(shape: &AnswerShape) -> BTreeSet<String> {
    shape.parts().into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Whether one side has something each time that the other one never has.
fn sets_differ(one: &[BTreeSet<String>; 2], other: &[BTreeSet<String>; 2]) -> bool {
    let has_own = |one: &[BTreeSet<String>; 2], other: &[BTreeSet<String>; 2]| {
        one[0].intersection(&one[1]).any(|item| other.iter().all(|items| !items.contains(item)))
    };
    has_own(one, other) || has_own(other, one)
}

/// Whether the bodies of two answers of one kind have nothing in common.
fn vary(shapes: [&AnswerShape; 2]) -> bool {
    let [one, other] = shapes.map(said);
    !(one.is_empty() && other.is_empty()) && one.is_disjoint(&other)
}

/// What the requests said about who registers, and how pages write it: with capital letters, as text of HTML and of JSON, and an
/// address of mail without its domain.
fn names_sent(case: &ObservedCheck<'_>) -> Vec<String> {
    let mut sent = sent_in(case.observations().map(|(_, seen)| &seen.exchange));
    let forms: Vec<String> = sent.iter().flat_map(|value| written(value)).filter(|form| form.len() > 2).collect();
    sent.extend(forms);
    sent.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    sent.dedup();
    sent
}

/// How else pages write a name.
fn written(name: &str) -> Vec<String> {
    let own = name.split_once('@').map(|(own, _)| own);
    let capital = |text: &str| {
        let mut letters = text.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    let escaped = own.iter().flat_map(|_| ["&#64;", "&#x40;", "\\u0040"].map(|at| name.replace('@', at)));
    let capitals = own.into_iter().chain([name]).filter_map(capital);
    escaped.chain(capitals).chain(own.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Silence};

    /// An answer: its status, Set-Cookie and Location where they are not empty, and its body.
    type Answered<'a> = (u16, &'a str, &'a str, &'a str);

    /// What is found, and what is left open.
    fn judged(new: [Answered<'_>; 2], taken: [Answered<'_>; 2]) -> (Vec<String>, Vec<String>) {
        let check = find("login.registration-indistinct").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let mut evidence = Evidence::default();
        let of_steps = [
            (NEW, new[0], "authbenchqwertzui@app.example"),
            (TAKEN, taken[0], "alice@app.example"),
            (NEW_AGAIN, new[1], "authbenchasdfghjk@app.example"),
            (TAKEN_AGAIN, taken[1], "alice@app.example"),
        ];
        for (id, (status, cookie, location, body), user) in of_steps {
            let step = check.steps.iter().position(|step| step.step_id() == Some(id)).expect("is a step");
            let own = user.split('@').next().unwrap_or_default();
            let body = body.replace("USER", user).replace("OWN", own).replace("HTML", &user.replace('@', "&#64;"));
            let fields =
                [("Set-Cookie", cookie), ("Location", location)].into_iter().filter(|field| !field.1.is_empty());
            let headers =
                fields.map(|(name, value)| (name.to_owned(), value.replace("USER", user).into_bytes())).collect();
            let answer = Response { status, headers, body: body.into_bytes(), truncated: false };
            let request = Request::new("POST", "/register")
                .with_body("application/json", format!("{{\"user\":\"{user}\"}}").into_bytes());
            let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(request, Silence::TimedOut) };
            // the scenario calls another code a success
            let outcome = match status {
                _ if body_says(&exchange, "code 2") => Outcome::Refused,
                ..400 => Outcome::Granted,
                500.. => Outcome::Broke,
                _ => Outcome::Refused,
            };
            evidence.observe(Observation::in_test(step, exchange, outcome));
        }
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.into_iter().map(|deviation| deviation.text).collect(), found.open)
    }

    fn body_says(exchange: &Exchange, text: &str) -> bool {
        exchange.response().is_some_and(|answer| String::from_utf8_lossy(&answer.body).contains(text))
    }

    #[test]
    fn a_name_that_is_taken_is_answered_as_a_new_one() {
        let plain = |status, body| (status, "", "", body);
        let sent = plain(202, "we have sent a mail");
        let form = plain(200, "<form>\n<p>try another name</p>\n</form>");
        let logged_in = |token| (200, "sid=1; HttpOnly", "", token);
        for (new, taken, expected) in [
            ([sent, sent], [sent, sent], None),
            ([sent, sent], [plain(409, "taken"), plain(409, "taken")], Some("the status, 409 and 202")),
            ([sent, sent], [plain(202, "taken"), plain(202, "taken")], Some("the body")),
            ([sent, sent], [plain(500, "oops"), plain(500, "oops")], Some("the status, 500 and 202")),
            ([sent, sent], [plain(403, "csrf"), plain(403, "csrf")], Some("the status, 403 and 202")),
            ([plain(302, ""), plain(302, "")], [form, form], Some("the status, 200 and 302")),
            // a registration that logs in cannot be like one that does not
            (
                [logged_in(r#"{"token":"kZ"}"#), logged_in(r#"{"token":"pQ"}"#)],
                [sent, sent],
                Some("the status, 202 and 200"),
            ),
            ([(302, "sid=1", "/", ""); 2], [(302, "", "/", ""); 2], Some("the cookies that are set")),
            (
                [(302, "", "/welcome?t=kZx", ""), (302, "", "/welcome?t=pQy", "")],
                [(302, "", "/register?taken", ""); 2],
                Some("the field location"),
            ),
            // an empty answer beside one that says that there is something now
            ([plain(200, "{\"id\":17}"), plain(200, "{\"id\":18}")], [plain(200, ""); 2], Some("the body")),
            // the name itself tells nothing, however it is written
            ([plain(200, "sent to USER"); 2], [plain(200, "sent to USER"); 2], None),
            ([plain(200, "sent to HTML"); 2], [plain(200, "sent to HTML"); 2], None),
            ([plain(200, "Thanks OWN"); 2], [plain(200, "Thanks Alice"); 2], None),
            ([(302, "", "/sent?to=USER", ""); 2], [(302, "", "/sent?to=USER", ""); 2], None),
            // neither do numbers, and what is another one each time
            (
                [plain(201, "{\"id\":17,\"a\":\"kZ\"}"), plain(201, "{\"id\":18,\"a\":\"pQ\"}")],
                [plain(201, "{\"id\":19,\"a\":\"rT\"}"), plain(201, "{\"id\":20,\"a\":\"vW\"}")],
                None,
            ),
            ([(202, "a=1", "", "sent"); 2], [(202, "a=2", "", "sent"); 2], None),
        ] {
            let (found, open) = judged(new, taken);
            let expected: Vec<String> =
                expected.iter().map(|text| format!("a name that is taken differs from a new one in {text}")).collect();
            assert_eq!((found, open.len()), (expected, 0), "{new:?} {taken:?}: {open:?}");
        }
    }

    #[test]
    fn what_is_no_success_for_the_scenario_differs_from_one() {
        // the number is masked, and the scenario knows what it says
        let (new, taken) = ((200, "", "", "code 1"), (200, "", "", "code 2"));
        let (found, open) = judged([new; 2], [taken; 2]);
        assert!(found.len() == 1 && found[0].contains("is no success") && open.is_empty(), "{found:?} {open:?}");
        let (found, open) = judged([new; 2], [new, taken]);
        assert!(found.is_empty() && open.is_empty(), "{found:?} {open:?}");
        let (found, open) = judged([taken; 2], [taken; 2]);
        assert!(found.is_empty() && open.len() == 1, "no new name was registered: {found:?} {open:?}");
    }

    #[test]
    fn without_a_registration_of_a_new_name_nothing_is_said() {
        let plain = |status| (status, "", "", "x");
        for (new, taken, says) in [
            ([403, 403], [403, 403], "403 is no success"),
            ([202, 403], [409, 409], "403 is no success"),
            ([500, 500], [409, 409], "500 is no success"),
            ([202, 202], [409, 429], "429 says nothing about names"),
            ([202, 202], [503, 503], "503 says nothing about names"),
            ([429, 429], [429, 429], "429 says nothing about names"),
            ([202, 202], [500, 409], "the server broke once"),
            ([202, 202], [202, 500], "the server broke once"),
            ([201, 202], [202, 202], "vary by themselves"),
        ] {
            let (found, open) = judged(new.map(plain), taken.map(plain));
            assert!(
                found.is_empty() && open.iter().any(|why| why.contains(says)),
                "{new:?} {taken:?}: {found:?} {open:?}"
            );
        }
        let varying = [(200, "", "", "kZx"), (200, "", "", "pQy")];
        let (found, open) = judged(varying, [(200, "", "", "rTv"), (200, "", "", "vWu")]);
        assert!(found.is_empty() && open.len() == 1, "{found:?} {open:?}");
    }
}

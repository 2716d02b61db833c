//! Whether a target takes a one-time code a second time: then no login has to wait for the next one.

use super::Prober;
use super::stage::for_two;
use crate::drive::login::{Logins, SentCode};
use crate::observe::{Evidence, Outcome};

impl Prober {
    /// Logs in twice with one code, before any check, where the login that checks use has one. A refusal is what is right
    /// (RFC 6238 §5.2), and each login sends a code of its own from then on.
    pub async fn learn_one_time_codes(&self) {
        let (subject, logins) = (self.subject(), &self.equipment.logins);
        let Some((identity, main)) = subject.login_identity().zip(subject.main_resource()) else { return };
        let Some(procedure) = subject.procedure_of(identity).filter(|login| login.code_step().is_some()) else {
            return;
        };
        // the second login may fail, and another one has to be left
        if procedure.most_failures < 2 {
            return;
        }
        let Some(secret) = &procedure.one_time else { return };
        let name = &subject.identities[identity].name;
        if logins.current(name, procedure).await.is_err() {
            return;
        }
        let _alone = logins.alone(name).await;
        let with = |sent: &SentCode| Logins::recorded(procedure).patiently().with_code(sent.code.clone());
        // that of the login that is held, or of another one
        let sent = match logins.codes.sent_now(secret, for_two(secret) / 2) {
            Some(sent) => sent,
            None => {
                let Ok(sent) = logins.codes.next_with(secret, for_two(secret)).await else { return };
                let mut first = with(&sent);
                let ended = first.renewed_patiently(logins).await;
                logins.note_end(name, ended.as_ref().map(drop));
                first.may_have_ended();
                logins.give_back(first);
                if ended.is_err() {
                    return;
                }
                sent
            }
        };
        let mut second = with(&sent);
        match second.renewed(logins).await {
            Ok((held, _)) => {
                let request = self.good_request(&held, main, &mut Evidence::default()).await;
                let used = self.send_to(main, &request).await;
                if self.outcome(main, &used).await == Outcome::Granted {
                    logins.codes.note_taken_again();
                }
            }
            Err(_) => logins.note_failure(name),
        }
        logins.give_back(second);
    }
}

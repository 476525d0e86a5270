//! `switchboard account test`: each step by itself, in plain words.

use super::archive::{Outcome, Query, ask};
use super::settings::XmppSettings;
use super::wire::Wire;
use crate::connector::{Check, Reach, Watcher};
use crate::model::Half;

pub(super) async fn check(settings: &XmppSettings, reach: Reach, tell: Watcher<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut done = |what: String, outcome: Result<String, String>| {
        let check = Check { what, outcome };
        tell(Half::Receiving, &check);
        let well = check.outcome.is_ok();
        checks.push(check);
        well
    };
    let found = settings.password.resolve().await.map(|_| "found".to_owned()).map_err(|error| error.to_string());
    if !done("the password".to_owned(), found) || reach == Reach::Secrets {
        return checks;
    }
    let what = format!("sign in as {}", settings.user);
    let mut wire = match Wire::connect(settings).await {
        Ok(wire) => wire,
        Err(error) => {
            done(what, Err(error.to_string()));
            return checks;
        }
    };
    done(what, Ok("signed in".to_owned()));
    let me = settings.user.to_string();
    let outcome = match ask(&mut wire, &me, Query { most: 1, ..Query::default() }).await {
        Ok(Outcome::Page(_) | Outcome::Forgotten) => Ok("it is kept and can be read".to_owned()),
        Err(_) => Err("the server gives out no archive (XEP-0313) for this account; have it switched on".to_owned()),
    };
    done("the archive of the account".to_owned(), outcome);
    wire.close().await;
    checks
}

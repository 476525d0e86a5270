//! Accounts: their settings, the passwords they name, and when asked for the servers.

use super::{Finding, Found, finding};
use crate::cli::house::{connectors, runtime};
use crate::config::Config;
use crate::connector::Reach;

pub(super) fn look(config: &Config, online: bool) -> anyhow::Result<Vec<Finding>> {
    let connectors = match connectors(config) {
        Ok(connectors) => connectors,
        Err(error) => return Ok(vec![finding("accounts", Found::Wrong(format!("{error:#}")))]),
    };
    let runtime = runtime()?;
    let reach = if online { Reach::Servers } else { Reach::Secrets };
    let any = !connectors.is_empty();
    let mut findings = Vec::new();
    for connector in connectors {
        let account = connector.facts().name;
        for check in runtime.block_on(connector.try_out(reach, &|_, _| {})) {
            let what = format!("account {account}, {}", check.what);
            findings.push(finding(what, check.outcome.map_or_else(Found::Wrong, Found::Well)));
        }
    }
    if any && !online {
        let said = "not asked; `switchboard doctor --online` logs in to them".to_owned();
        findings.push(finding("mail servers", Found::Note(said)));
    }
    Ok(findings)
}

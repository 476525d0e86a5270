//! Filing a phone call from the screen: `log-call in 3m Wants the invoice again`.

use super::Screen;
use super::screen::Then;
use crate::command::call;
use crate::model::Act;

impl Screen {
    /// Files a call on the customer the agent is at.
    pub(super) fn log_call(&mut self, argument: &str) {
        let Some(customer) = self.target() else { return self.complain("choose a customer first") };
        match call(argument, customer) {
            Ok(call) => drop(self.act(Act::LogCall(Box::new(call)), Then::Say)),
            Err(why) => self.complain(why.to_string()),
        }
    }
}

//! sled panics where it should return an error. Such panics are caught, and are no news for the terminal.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// True on a thread whose panic the engine catches itself: a panic hook that restores the terminal or writes a crash
/// report does nothing then. sled's own threads count too; what they could not do shows as an error at the next call.
pub fn expected() -> bool {
    EXPECTED.get() || std::thread::current().name().is_some_and(|name| name.starts_with("sled-"))
}

/// Runs something that may panic. The panic's words come back as the error; the panic hook is kept silent.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install();
    let before = EXPECTED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "it panicked".to_owned())
    })
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !expected() {
                before(info);
            }
        }));
    });
}

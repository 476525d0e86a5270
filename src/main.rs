//! Switchboard: one inbox per customer, in a terminal. Arguments in, exit code out; everything else is the library.

fn main() -> std::process::ExitCode {
    switchboard::cli::run(std::env::args_os())
}

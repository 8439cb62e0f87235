//! The program's entrance: everything is in the library.

use std::process::ExitCode;

use workloadctl::env::Env;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    workloadctl::run(std::env::args_os().collect(), Env::read(), jiff::Timestamp::now())
}

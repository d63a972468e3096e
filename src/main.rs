//! The binary: hands argv to the library and its answer to the system.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(unladen::cli::run(std::env::args_os()))
}

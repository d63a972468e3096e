//! `unladen config`: the configuration in force.
use std::io::Write;

use super::args::ShowConfig;
use super::{Exit, Stop};

pub(super) fn run(_command: &ShowConfig, _out: &mut dyn Write) -> Result<Exit, Stop> {
    Err(Stop::Usage("not yet".into()))
}

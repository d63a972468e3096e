//! `unladen rule`: the list of rules, or the page of one.
use std::io::Write;

use super::args::{ColorWhen, Rule};
use super::{Exit, Stop};

pub(super) fn run(_command: &Rule, _color: ColorWhen, _out: &mut dyn Write) -> Result<Exit, Stop> {
    Err(Stop::Usage("not yet".into()))
}

//! `unladen rewrite`: the plan, what it rests on, and the file.
use std::io::Write;

use super::args::{ColorWhen, Rewrite};
use super::{Exit, Stop};

pub(super) fn run(_command: &Rewrite, _color: ColorWhen, _out: &mut dyn Write) -> Result<Exit, Stop> {
    Err(Stop::Usage("not yet".into()))
}

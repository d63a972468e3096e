//! The files of a builder pattern put together, or why they are not: for people and as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{JsonEdit, edit};
use super::view::plain;
use crate::rewrite::Refusal;
use crate::rewrite::builder_pattern::Merged;
use crate::text::SourceFile;

pub struct Outcome<'a> {
    /// The Dockerfile of the image that ships, which becomes the one file.
    pub ship: &'a SourceFile,
    pub builder: &'a SourceFile,
    pub script: &'a SourceFile,
    pub merged: Result<&'a Merged, &'a Refusal>,
    pub after: Option<&'a SourceFile>,
    pub written: bool,
}

pub fn write(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (ship, builder, script) =
        (plain(&outcome.ship.path), plain(&outcome.builder.path), plain(&outcome.script.path));
    match outcome.merged {
        Ok(merged) => {
            writeln!(out, "{ship} and {builder} become one multi-stage build")?;
            for note in &merged.notes {
                writeln!(out, "    {}", plain(note))?;
            }
            if outcome.written {
                writeln!(out, "written: {ship}; {builder} and {script} are no longer needed")?;
            }
            Ok(())
        }
        Err(refusal) => {
            writeln!(out, "{ship}: not rewritten[{}] {}", refusal.reason, plain(&refusal.message))?;
            writeln!(out, "  help: {}", plain(&refusal.help))
        }
    }
}

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    path: &'a str,
    builder: &'a str,
    script: &'a str,
    merged: Option<JsonMerged<'a>>,
    refusal: Option<JsonRefusal<'a>>,
    written: bool,
}

#[derive(Serialize)]
struct JsonMerged<'a> {
    notes: &'a [String],
    edits: Vec<JsonEdit<'a>>,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonRefusal<'a> {
    reason: &'a str,
    message: &'a str,
    help: &'a str,
}

pub fn write_json(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let merged = outcome.merged.ok().zip(outcome.after).map(|(merged, after)| JsonMerged {
        notes: &merged.notes,
        edits: merged.edits.iter().map(|change| edit(outcome.ship, change)).collect(),
        text: &after.text,
    });
    let refusal = outcome.merged.err().map(|refusal| JsonRefusal {
        reason: refusal.reason,
        message: &refusal.message,
        help: &refusal.help,
    });
    let root = Root {
        version: 1,
        path: &outcome.ship.path,
        builder: &outcome.builder.path,
        script: &outcome.script.path,
        merged,
        refusal,
        written: outcome.written,
    };
    serde_json::to_writer_pretty(&mut *out, &root)?;
    writeln!(out)
}

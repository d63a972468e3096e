//! `tty` and `gnu`: a line for each finding.

use std::io::{self, Write};

use super::Listing;
use crate::diagnostic::Severity;
use crate::report::Style;
use crate::report::view::plain;

/// `Dockerfile:2 DL3008 warning: …`
pub(super) fn tty(style: Style, listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    for Listing { path, issues } in listings {
        for issue in issues {
            let (path, message) = (plain(path), plain(&issue.message));
            if issue.syntax {
                writeln!(out, "{path}:{}:{} {message}", issue.line, issue.column)?;
                continue;
            }
            let name = issue.severity.name();
            let (on, off) = if style.color { (paint(issue.severity), "\u{1b}[0m") } else { ("", "") };
            writeln!(out, "{path}:{} {} {on}{name}{off}: {message}", issue.line, issue.code)?;
        }
    }
    Ok(())
}

fn paint(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "\u{1b}[1m\u{1b}[91m",
        Severity::Warning => "\u{1b}[1m\u{1b}[93m",
        Severity::Info => "\u{1b}[92m",
        Severity::Style => "\u{1b}[96m",
    }
}

/// `program:file:line: …`, the GNU coding standards' form of an error message.
pub(super) fn gnu(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    for Listing { path, issues } in listings {
        for issue in issues {
            let (path, message) = (plain(path), plain(&issue.message));
            match issue.syntax {
                true => writeln!(out, "unladen:{path}:{}:{}: {message}", issue.line, issue.column)?,
                false => {
                    let name = issue.severity.name();
                    writeln!(out, "unladen:{path}:{}: {} {name}: {message}", issue.line, issue.code)?;
                }
            }
        }
    }
    Ok(())
}

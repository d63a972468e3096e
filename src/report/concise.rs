//! One line per finding, for people who grep and for editors' error lists.

use std::io::{self, Write};

use super::view::plain;
use super::{Entry, Report, aliases, entries, hadolint_code, megabytes};
use crate::diagnostic::{Applicability, Diagnostic, FixKind};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for file in &report.files {
        let source = &file.checked.source;
        for entry in entries(&file.checked) {
            let at = source.line_col(entry.start());
            write!(out, "{}:{}:{}: ", plain(&source.path), at.line, at.column)?;
            match entry {
                Entry::Syntax(error) => writeln!(out, "error[syntax] {}", plain(&error.message))?,
                Entry::Finding(diagnostic) => finding(diagnostic, out)?,
            }
        }
        if let Some(over) = file.overweight() {
            writeln!(out, "{}:1:1: error[max-size] {}; {}", plain(&source.path), over.message(), over.help())?;
        }
    }
    Ok(())
}

fn finding(diagnostic: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}[{}] {}", diagnostic.severity.name(), diagnostic.rule, plain(&diagnostic.message))?;
    if let Some(alias) = hadolint_code(diagnostic).or_else(|| aliases(diagnostic).first().copied()) {
        write!(out, " ({alias})")?;
    }
    if let Some(cost) = diagnostic.cost {
        write!(out, " ~{}", megabytes(cost.size.likely))?;
    }
    match diagnostic.fix.as_ref().map(|fix| (fix.applicability, fix.kind)) {
        Some((Applicability::Safe, FixKind::Edit)) => write!(out, " [fix]")?,
        Some((Applicability::Safe, FixKind::Rewrite)) => write!(out, " [rewrite]")?,
        Some((Applicability::Unsafe, FixKind::Edit)) => write!(out, " [unsafe fix]")?,
        Some((Applicability::Unsafe, FixKind::Rewrite)) => write!(out, " [unsafe rewrite]")?,
        Some((Applicability::DisplayOnly, _)) | None => {}
    }
    writeln!(out)
}

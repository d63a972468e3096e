//! hadolint's JSON, for tools that read hadolint today.
//!
//! Every finding is printed: under its DL or SC code where it has one, else under its slug, since a gate that reads
//! this format must not miss what made the run fail. Syntax errors are hadolint's own DL1000.

use std::io::{self, Write};

use serde::Serialize;

use super::{Entry, Report, entries, hadolint_code};

/// The keys in hadolint's order.
#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    column: u32,
    file: &'a str,
    level: &'a str,
    line: u32,
    message: &'a str,
}

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut findings = Vec::new();
    for file in &report.files {
        let source = &file.checked.source;
        for entry in entries(&file.checked) {
            let at = source.line_col(entry.start());
            let (code, level, message) = match entry {
                Entry::Syntax(error) => ("DL1000", "error", error.message.as_str()),
                Entry::Finding(diagnostic) => {
                    let code = hadolint_code(diagnostic).unwrap_or(diagnostic.rule);
                    (code, diagnostic.severity.name(), diagnostic.message.as_str())
                }
            };
            findings.push(Finding { code, column: at.column, file: &source.path, level, line: at.line, message });
        }
    }
    serde_json::to_writer(&mut *out, &findings)?;
    writeln!(out)
}

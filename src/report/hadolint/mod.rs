//! hadolint's output formats, for tools that read hadolint today.
//!
//! Every finding is printed: under its DL or SC code where it has one, else under its slug, since a gate that reads
//! these formats must not miss what made the run fail. Syntax errors are hadolint's own DL1000. Columns are real ones,
//! where hadolint prints 1.

mod json;
mod lines;
mod xml;

use std::io::{self, Write};

use super::{Entry, FileReport, Report, Style, entries, hadolint_code};
use crate::diagnostic::Severity;

/// One of the formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Tty,
    Json,
    Checkstyle,
    CodeClimate,
    GitlabCodeClimate,
    Gnu,
    Codacy,
    Sonarqube,
    Sarif,
    Junit,
}

/// With hadolint's names.
pub const SHAPES: &[(&str, Shape)] = &[
    ("tty", Shape::Tty),
    ("json", Shape::Json),
    ("checkstyle", Shape::Checkstyle),
    ("codeclimate", Shape::CodeClimate),
    ("gitlab_codeclimate", Shape::GitlabCodeClimate),
    ("gnu", Shape::Gnu),
    ("codacy", Shape::Codacy),
    ("sonarqube", Shape::Sonarqube),
    ("sarif", Shape::Sarif),
    ("junit", Shape::Junit),
];

impl Shape {
    /// hadolint ends with 0 in these: their platforms take a failed engine for a broken one.
    pub fn never_fails(self) -> bool {
        matches!(self, Shape::CodeClimate | Shape::Codacy)
    }

    /// hadolint puts `--file-path-in-report` into these only.
    fn renames(self) -> bool {
        use Shape::{Checkstyle, CodeClimate, GitlabCodeClimate, Junit, Sonarqube};
        matches!(self, Checkstyle | CodeClimate | GitlabCodeClimate | Junit | Sonarqube)
    }
}

/// A file with what was found in it.
struct Listing<'a> {
    path: &'a str,
    issues: Vec<Issue<'a>>,
}

/// A finding or a syntax error, as all formats need it.
struct Issue<'a> {
    code: &'a str,
    severity: Severity,
    syntax: bool,
    line: u32,
    column: u32,
    message: String,
}

pub(super) fn write(shape: Shape, style: Style, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let listings = listings(shape, report);
    match shape {
        Shape::Tty => lines::tty(style, &listings, out),
        Shape::Gnu => lines::gnu(&listings, out),
        Shape::Json => json::plain(&listings, out),
        Shape::CodeClimate => json::code_climate(&listings, out),
        Shape::GitlabCodeClimate => json::gitlab(&listings, out),
        Shape::Codacy => json::codacy(&listings, out),
        Shape::Sonarqube => json::sonarqube(&listings, out),
        Shape::Sarif => json::sarif(&listings, out),
        Shape::Checkstyle => xml::checkstyle(&listings, out),
        Shape::Junit => xml::junit(&listings, out),
    }
}

fn listings(shape: Shape, report: &Report) -> Vec<Listing<'_>> {
    let renamed = report.path_in_report.as_deref().filter(|_| shape.renames());
    let listing = |file| Listing { path: renamed.unwrap_or(path(file)), issues: issues(file) };
    report.files.iter().map(listing).collect()
}

fn path(file: &FileReport) -> &str {
    &file.checked.source.path
}

fn issues(file: &FileReport) -> Vec<Issue<'_>> {
    let mut issues = Vec::new();
    for entry in entries(&file.checked) {
        let at = file.checked.source.line_col(entry.start());
        let (code, severity, message) = match &entry {
            Entry::Syntax(error) => ("DL1000", Severity::Error, error.message.to_string()),
            Entry::Finding(found) => {
                (hadolint_code(found).unwrap_or(found.rule), found.severity, found.message.clone())
            }
        };
        let syntax = matches!(entry, Entry::Syntax(_));
        issues.push(Issue { code, severity, syntax, line: at.line, column: at.column, message });
    }
    if let Some(over) = file.overweight() {
        let message = format!("{}; {}", over.message(), over.help());
        let (severity, syntax) = (Severity::Error, false);
        issues.push(Issue { code: "max-size", severity, syntax, line: 1, column: 1, message });
    }
    issues
}

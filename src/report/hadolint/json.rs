//! The formats that are JSON: hadolint's own, Code Climate's and GitLab's, Codacy's, SonarQube's, SARIF.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Issue, Listing};
use crate::diagnostic::Severity;

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

pub(super) fn plain(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    let findings: Vec<Finding<'_>> = all(listings)
        .map(|(file, issue)| Finding {
            code: issue.code,
            column: issue.column,
            file,
            level: issue.severity.name(),
            line: issue.line,
            message: &issue.message,
        })
        .collect();
    serde_json::to_writer(&mut *out, &findings)?;
    writeln!(out)
}

/// Its engines print objects with a NUL behind each.
pub(super) fn code_climate(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    for (path, issue) in all(listings) {
        serde_json::to_writer(&mut *out, &climate(path, issue, None))?;
        out.write_all(b"\0")?;
    }
    Ok(())
}

/// GitLab wants one list, and a fingerprint by which it knows a finding again when its line moves.
pub(super) fn gitlab(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut seen: HashMap<(&str, &str, &str), usize> = HashMap::new();
    let mut issues = Vec::new();
    for (path, issue) in all(listings) {
        let alike = seen.entry((path, issue.code, &issue.message)).or_default();
        *alike += 1;
        let text = format!("{path}\0{}\0{}\0{alike}", issue.code, issue.message);
        issues.push(climate(path, issue, Some(fingerprint(text.as_bytes()))));
    }
    serde_json::to_writer(&mut *out, &issues)?;
    writeln!(out)
}

fn climate(path: &str, issue: &Issue<'_>, fingerprint: Option<String>) -> Value {
    let Issue { line, column, .. } = issue;
    let location = match issue.syntax {
        true => {
            let at = json!({"column": column, "line": line});
            json!({"path": path, "positions": {"begin": at, "end": at}})
        }
        false => json!({"lines": {"begin": line, "end": line}, "path": path}),
    };
    let severity = match issue.severity {
        Severity::Error => "blocker",
        Severity::Warning => "major",
        Severity::Info => "info",
        Severity::Style => "minor",
    };
    let mut object = json!({
        "categories": ["Bug Risk"],
        "check_name": issue.code,
        "description": issue.message,
        "location": location,
        "severity": severity,
        "type": "issue",
    });
    if let Some(fingerprint) = fingerprint {
        object["fingerprint"] = json!(fingerprint);
    }
    object
}

/// FNV-1a, 64 bits: equal texts must give the same on every machine, no more.
fn fingerprint(text: &[u8]) -> String {
    let hash = text
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

pub(super) fn codacy(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    for (path, issue) in all(listings) {
        let object = json!({
            "filename": path, "line": issue.line, "message": issue.message, "patternId": issue.code
        });
        serde_json::to_writer(&mut *out, &object)?;
        writeln!(out)?;
    }
    Ok(())
}

pub(super) fn sonarqube(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    let issue = |(path, issue): (&str, &Issue<'_>)| {
        let (severity, kind) = match issue.severity {
            Severity::Error if issue.syntax => ("BLOCKER", "BUG"),
            Severity::Error => ("CRITICAL", "BUG"),
            Severity::Warning => ("MAJOR", "CODE_SMELL"),
            Severity::Info => ("MINOR", "CODE_SMELL"),
            Severity::Style => ("INFO", "CODE_SMELL"),
        };
        let (line, column) = (issue.line, issue.column);
        // Columns from 0, and the end behind the start: else SonarQube refuses the whole report.
        let range = json!({
            "endColumn": column, "endLine": line, "startColumn": column.saturating_sub(1), "startLine": line
        });
        json!({
            "engineId": "unladen",
            "primaryLocation": {"filePath": path, "message": issue.message, "textRange": range},
            "ruleId": issue.code,
            "severity": severity,
            "type": kind,
        })
    };
    let issues: Vec<Value> = all(listings).map(issue).collect();
    serde_json::to_writer(&mut *out, &json!({"issues": issues}))?;
    writeln!(out)
}

pub(super) fn sarif(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    let result = |(path, issue): (&str, &Issue<'_>)| {
        let level = match issue.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info | Severity::Style => "note",
        };
        let language = if issue.code.starts_with("SC") { "sh" } else { "dockerfile" };
        let (line, column) = (issue.line, issue.column);
        let region = json!({
            "endColumn": column, "endLine": line, "sourceLanguage": language, "startColumn": column, "startLine": line
        });
        json!({
            "level": level,
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": path}, "region": region}}],
            "message": {"text": issue.message},
            "ruleId": issue.code,
        })
    };
    let results: Vec<Value> = all(listings).map(result).collect();
    let mut driver = json!({"name": "unladen", "version": env!("CARGO_PKG_VERSION")});
    if !env!("CARGO_PKG_REPOSITORY").is_empty() {
        driver["informationUri"] = json!(env!("CARGO_PKG_REPOSITORY"));
    }
    let report = json!({
        "$schema": "http://json.schemastore.org/sarif-2.1.0",
        "runs": [{"defaultSourceLanguage": "dockerfile", "results": results, "tool": {"driver": driver}}],
        "version": "2.1.0",
    });
    serde_json::to_writer(&mut *out, &report)?;
    writeln!(out)
}

fn all<'a>(listings: &'a [Listing<'a>]) -> impl Iterator<Item = (&'a str, &'a Issue<'a>)> {
    listings.iter().flat_map(|listing| listing.issues.iter().map(|issue| (listing.path, issue)))
}

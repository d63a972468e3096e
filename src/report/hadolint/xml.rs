//! `checkstyle` and `junit`.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Listing;

pub(super) fn checkstyle(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><checkstyle version=\"4.3\">")?;
    for Listing { path, issues } in listings {
        let path = escaped(path);
        if issues.is_empty() {
            write!(out, "<file name=\"{path}\"/>")?;
            continue;
        }
        write!(out, "<file name=\"{path}\">")?;
        for issue in issues {
            let (line, column, severity) = (issue.line, issue.column, issue.severity.name());
            let (message, code) = (escaped(&issue.message), issue.code);
            // A syntax error has no source there.
            let source = if issue.syntax { String::new() } else { format!(" source=\"{code}\"") };
            write!(
                out,
                "<error column=\"{column}\" line=\"{line}\" message=\"{message}\" severity=\"{severity}\"{source}/>"
            )?;
        }
        write!(out, "</file>")?;
    }
    writeln!(out, "</checkstyle>")
}

/// A suite for each file; no times, since what is printed depends on the files alone.
pub(super) fn junit(listings: &[Listing<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><testsuites id=\"unladen\" name=\"unladen\">")?;
    for Listing { path, issues } in listings {
        let errors = issues.iter().filter(|issue| issue.syntax).count();
        let (failures, name) = (issues.len(), escaped(path));
        write!(out, "<testsuite errors=\"{errors}\" failures=\"{failures}\" id=\"unladen\" name=\"{name}\"")?;
        if issues.is_empty() {
            write!(out, "/>")?;
            continue;
        }
        write!(out, ">")?;
        for issue in issues {
            let (severity, message, code) = (issue.severity.name(), escaped(&issue.message), issue.code);
            let (line, column) = (issue.line, issue.column);
            write!(
                out,
                "<testcase id=\"unladen.rule.{code}\" classname=\"{name}\" name=\"{code}\">\
                 <failure id=\"{code}\" message=\"{message}\" type=\"{severity}\">\
                 File: {name}\nLine: {line}\nColumn: {column}\n{severity}: {message}\n</failure></testcase>"
            )?;
        }
        write!(out, "</testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// For text and for attributes; characters that XML 1.0 does not have become the one that stands for them.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' | '\r' => {
                let _ = write!(safe, "&#{};", char as u32);
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(char),
        }
    }
    safe
}

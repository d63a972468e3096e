//! Unified diffs that `git apply` and `patch -p1` take.

use std::io::{self, Write};

use colored::{Color, Colorize};
use similar::TextDiff;

use crate::report::Style;
use crate::text::SourceFile;

/// For a terminal in colours, else as `write` does it.
pub(super) fn show(before: &SourceFile, after: &SourceFile, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if !style.color {
        return write(before, after, out);
    }
    let mut plain = Vec::new();
    write(before, after, &mut plain)?;
    for line in plain.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        match line.first() {
            _ if text.starts_with("--- ") || text.starts_with("+++ ") => writeln!(out, "{}", text.bold())?,
            Some(b'+') => writeln!(out, "{}", text.color(Color::Green))?,
            Some(b'-') => writeln!(out, "{}", text.color(Color::Red))?,
            Some(b'@') => writeln!(out, "{}", text.color(Color::Cyan))?,
            _ => writeln!(out, "{text}")?,
        }
    }
    Ok(())
}

/// Nothing for equal files.
pub(super) fn write(before: &SourceFile, after: &SourceFile, out: &mut dyn Write) -> io::Result<()> {
    let (old, new) = (before.all_bytes(), after.all_bytes());
    if old == new {
        return Ok(());
    }
    let path = before.path.replace('\\', "/");
    let path = if path == "-" { "Dockerfile" } else { path.trim_start_matches("./") };
    let (a, b) = if path.starts_with('/') {
        (path.to_string(), path.to_string())
    } else {
        (format!("a/{path}"), format!("b/{path}"))
    };
    let diff = TextDiff::from_lines(old.as_ref(), new.as_ref());
    writeln!(out, "--- {a}\n+++ {b}")?;
    // Hunk by hunk: the writer of the whole diff replaces what is not UTF-8.
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        hunk.to_writer(&mut *out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_the_files_are_in_the_diff() {
        let before = SourceFile::from_bytes("./a/Dockerfile", b"FROM a\r\n# \xff\r\nRUN b".to_vec());
        let after = SourceFile::from_bytes("./a/Dockerfile", b"FROM a\r\n# \xff\r\nRUN c".to_vec());
        let mut out = Vec::new();
        write(&before, &after, &mut out).unwrap();
        let expected: &[u8] = b"--- a/a/Dockerfile\n+++ b/a/Dockerfile\n@@ -1,3 +1,3 @@\n FROM a\r\n # \xff\r\n-RUN b\n\\ No newline at end of file\n+RUN c\n\\ No newline at end of file\n";
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(expected));
        assert_eq!(out, expected);
    }
}

//! Unified diffs that `git apply` and `patch -p1` take.

use std::io::{self, Write};

use similar::TextDiff;

use crate::text::SourceFile;

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
    diff.unified_diff().context_radius(3).header(&a, &b).to_writer(out)
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

//! Absolute paths of a stage, joined and cleaned as BuildKit does (util/system/path.go).

/// `path` seen from the directory `base`: absolute, without `.`, `..` and a slash at the end.
/// In a Windows stage backslashes become slashes and the drive goes, as BuildKit has it inside.
pub fn join(base: &str, path: &str, windows: bool) -> String {
    let base = slashes(base, windows);
    let path = slashes(path, windows);
    let mut parts: Vec<&str> = Vec::new();
    let from_base = if path.starts_with('/') { "" } else { base.as_str() };
    for part in from_base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut joined = String::with_capacity(base.len() + path.len() + 1);
    for part in parts {
        joined.push('/');
        joined.push_str(part);
    }
    if joined.is_empty() { "/".to_string() } else { joined }
}

fn slashes(path: &str, windows: bool) -> String {
    if !windows {
        return path.to_string();
    }
    let path = path.replace('\\', "/");
    match path.as_bytes() {
        [drive, b':', ..] if drive.is_ascii_alphabetic() => path.get(2..).unwrap_or_default().to_string(),
        _ => path,
    }
}

/// True when the text stands for a path from the root.
pub fn is_absolute(path: &str, windows: bool) -> bool {
    slashes(path, windows).starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_cleaned() {
        for (base, path, expected) in [
            ("/", "app", "/app"),
            ("/app", "../x/./y/", "/x/y"),
            ("/app", "/x//y", "/x/y"),
            ("/app", ".", "/app"),
            ("/app", "", "/app"),
            ("/", "../..", "/"),
        ] {
            assert_eq!(join(base, path, false), expected, "{base} + {path}");
        }
        assert_eq!(join("C:\\app", "bin\\x", true), "/app/bin/x");
        assert_eq!(join("/app", "c:\\", true), "/");
        assert_eq!(join("/", "a\\b", false), "/a\\b");
    }
}

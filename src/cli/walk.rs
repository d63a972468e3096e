//! Which files are meant: those that are named, and the Dockerfiles below the directories that are named.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};

use super::read::reason;
use crate::config::names::nearest;
use crate::report::Problem;

/// A file to check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Input {
    /// `-` is the standard input.
    pub path: PathBuf,
    /// Named by the user, not found in a directory.
    pub named: bool,
}

/// The files in the order of their paths, each once, and what is wrong with the names.
pub(super) fn collect(paths: &[PathBuf]) -> (Vec<Input>, Vec<Problem>) {
    let mut inputs = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(Input { path: path.clone(), named: true });
            continue;
        }
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let (found, wrong) = walk(path);
                if found.is_empty() && wrong.is_empty() {
                    problems.push(problem(path, "no Dockerfiles in this directory".to_string()));
                }
                inputs.extend(found.into_iter().map(|path| Input { path, named: false }));
                problems.extend(wrong);
            }
            Ok(_) => inputs.push(Input { path: path.clone(), named: true }),
            Err(error) => problems.push(problem(path, missing(path, &error))),
        }
    }
    inputs.sort_by(|a, b| a.path.cmp(&b.path).then(b.named.cmp(&a.named)));
    inputs.dedup_by(|a, b| a.path == b.path);
    problems.sort_by(|a, b| a.path.cmp(&b.path));
    (inputs, problems)
}

fn problem(path: &Path, message: String) -> Problem {
    Problem { path: Some(path.display().to_string()), at: None, message }
}

/// What is wrong with a path, with the nearest name in its directory.
pub(super) fn dockerfile_in(dir: &Path) -> Option<PathBuf> {
    let named = |name: &str| if dir == Path::new(".") { PathBuf::from(name) } else { dir.join(name) };
    ["Dockerfile", "Containerfile"].iter().map(|name| named(name)).find(|path| path.is_file())
}

pub(super) fn missing(path: &Path, error: &std::io::Error) -> String {
    let reason = reason(error);
    if error.kind() != std::io::ErrorKind::NotFound {
        return reason;
    }
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return reason };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let names: Vec<String> = std::fs::read_dir(parent)
        .map(|entries| entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
        .unwrap_or_default();
    match nearest(&name, names.iter().map(String::as_str).filter(|other| *other != name)) {
        Some(near) => format!("{reason}; did you mean `{}`?", path.with_file_name(near).display()),
        None => reason,
    }
}

/// The Dockerfiles below a directory. What .gitignore names is passed over, hidden directories are not.
fn walk(root: &Path) -> (Vec<PathBuf>, Vec<Problem>) {
    let found = Mutex::new((Vec::new(), Vec::new()));
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git" || entry.depth() == 0)
        .build_parallel();
    walker.run(|| {
        Box::new(|entry| {
            let Ok(mut found) = found.lock() else { return WalkState::Quit };
            match entry {
                Ok(entry) => {
                    let directory = entry.file_type().is_none_or(|kind| kind.is_dir());
                    if !directory && is_dockerfile(entry.path()) && !entry.path().is_dir() {
                        found.0.push(shown(entry.path()));
                    }
                }
                Err(error) => found.1.push(unreadable(root, &error)),
            }
            WalkState::Continue
        })
    });
    found.into_inner().unwrap_or_default()
}

fn unreadable(root: &Path, error: &ignore::Error) -> Problem {
    match error {
        ignore::Error::WithDepth { err, .. } => unreadable(root, err),
        ignore::Error::WithPath { path, err } => problem(path, err.io_error().map_or_else(|| err.to_string(), reason)),
        other => problem(root, other.to_string()),
    }
}

/// Without the `./` that walking the current directory brings.
fn shown(path: &Path) -> PathBuf {
    path.strip_prefix("./").unwrap_or(path).to_path_buf()
}

/// A name that docker or podman users give their files.
fn is_dockerfile(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    if name.ends_with(".dockerignore") || name.ends_with(".containerignore") {
        return false;
    }
    let whole = ["Dockerfile", "dockerfile", "Containerfile"].contains(&name);
    let begins =
        ["Dockerfile.", "Containerfile."].iter().any(|prefix| name.len() > prefix.len() && name.starts_with(prefix));
    whole || begins || name.ends_with(".Dockerfile") || name.ends_with(".dockerfile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_known_by_their_names() {
        for name in [
            "Dockerfile",
            "dockerfile",
            "Containerfile",
            "Dockerfile.prod",
            "Containerfile.x",
            "a.Dockerfile",
            "a.dockerfile",
        ] {
            assert!(is_dockerfile(Path::new(name)), "{name}");
        }
        for name in [
            "Dockerfiles",
            "MyDockerfile",
            "Dockerfile.dockerignore",
            "a.Dockerfile.dockerignore",
            "Dockerfile.",
            "docker",
        ] {
            assert!(!is_dockerfile(Path::new(name)), "{name}");
        }
    }
}

//! Files that instructions brought, by path: what a later COPY --from takes along and a later chown stores again.

use crate::context::BuildContext;
use crate::context::tree::join;
use crate::diagnostic::{Basis, Cost, Size};
use crate::model::Step;
use crate::shell::{ShellCommand, ShellWord};

/// A file or a directory with all below it.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Absolute.
    pub path: String,
    /// `None`: nobody can tell.
    pub cost: Option<Cost>,
    pub compressed: u64,
    /// The directory or file of the build context that lies there.
    pub context: Option<String>,
    /// `path` is the directory; the name of the file in it is not known.
    pub somewhere: bool,
}

/// What is known of the files at a path: their bytes, and whether there are some that nobody can tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub cost: Option<Cost>,
    pub compressed: u64,
    pub unknown: bool,
}

impl Found {
    fn add(&mut self, cost: Option<Cost>, compressed: u64) {
        let Some(cost) = cost else {
            self.unknown = true;
            return;
        };
        self.compressed += compressed;
        self.cost = Some(match self.cost {
            Some(sum) => Cost { size: sum.size.plus(cost.size), basis: sum.basis.min(cost.basis) },
            None => cost,
        });
    }
}

/// The files at a path and below it.
pub(super) fn at(placed: &[Placed], path: &str, context: Option<&BuildContext>) -> Found {
    let mut found = Found::default();
    for thing in placed {
        if inside(&thing.path, path) || (thing.somewhere && parent(path) == Some(thing.path.as_str())) {
            found.add(thing.cost, thing.compressed);
        } else if inside(path, &thing.path) {
            // A part of what lies there: the build context knows which.
            let rest = path.get(thing.path.trim_end_matches('/').len()..).unwrap_or("").trim_start_matches('/');
            match (&thing.context, context) {
                (Some(from), Some(context)) => {
                    let below = if from.is_empty() { rest.to_string() } else { format!("{from}/{rest}") };
                    let bytes = bytes_of(context, &below);
                    if bytes > 0 {
                        let cost = Cost { size: Size::exact(bytes), basis: Basis::Measured };
                        found.add(Some(cost), compressed(&below, bytes));
                    }
                }
                (None, _) if thing.cost.is_none() => found.unknown = true,
                _ => {}
            }
        }
    }
    found
}

/// What gzip likely leaves of a file: of archives, pictures and films nearly all.
pub(super) fn compressed(path: &str, bytes: u64) -> u64 {
    const PACKED: &[&str] = &[
        "7z", "apk", "avif", "br", "bz2", "deb", "docx", "gif", "gz", "jar", "jpeg", "jpg", "mkv", "mov", "mp3", "mp4",
        "ogg", "pdf", "png", "rpm", "tbz2", "tgz", "txz", "war", "webm", "webp", "whl", "woff", "woff2", "xlsx", "xz",
        "zip", "zst",
    ];
    let ending = path.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase());
    if PACKED.contains(&ending.as_str()) { bytes } else { (bytes as f64 / 2.7) as u64 }
}

/// The bytes of a file of the context, or of all below a directory. A symbolic link is none.
pub(super) fn bytes_of(context: &BuildContext, path: &str) -> u64 {
    if let Some(file) = context.files.get(path) {
        return if file.symlink { 0 } else { file.size };
    }
    let below = context.under(path).filter(|(_, file)| !file.symlink).map(|(_, file)| file.size).sum::<u64>();
    let git = matches!(path, "" | "." | ".git") && context.is_file(".git/HEAD");
    below + if git { context.git_bytes() } else { 0 }
}

/// `path` is `dir` or below it.
pub(super) fn inside(path: &str, dir: &str) -> bool {
    let dir = dir.trim_end_matches('/');
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| if parent.is_empty() { "/" } else { parent })
}

/// Where a word of a command leads; `None` where a variable or a wildcard stands in it.
pub(super) fn absolute(step: &Step, cmd: &ShellCommand, word: &ShellWord) -> Option<String> {
    let text = word.text.as_str();
    if text.is_empty() || text.contains(['$', '`']) {
        return None;
    }
    if let Some(rest) = text.strip_prefix('~') {
        return Some(format!("/root{rest}"));
    }
    if text.starts_with('/') {
        return Some(join("/", text));
    }
    Some(join(&directory(step, cmd)?, text))
}

/// The directory that a command runs in.
pub(super) fn directory(step: &Step, cmd: &ShellCommand) -> Option<String> {
    let workdir = step.workdir.as_deref().unwrap_or("/");
    let dir = cmd.dir.as_deref()?;
    (!dir.contains('$')).then(|| if dir.is_empty() { workdir.to_string() } else { join(workdir, dir) })
}

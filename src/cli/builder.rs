//! `unladen rewrite` for a builder pattern: two Dockerfiles and the script between them become one file. The three are
//! named, or found beside each other.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{PlanFormat, Rewrite};
use super::{Exit, Stop, diff, read, walk, write};
use crate::report::{Style, merge};
use crate::rewrite::Refusal;
use crate::rewrite::builder_pattern::{self, Merged, Pattern};
use crate::text::SourceFile;

/// The names that people give the Dockerfile that only builds.
const BUILDERS: [&str; 6] = [
    "Dockerfile.build",
    "build.Dockerfile",
    "Dockerfile.builder",
    "builder.Dockerfile",
    "Dockerfile-build",
    "Dockerfile.compile",
];
const SHIPS: [&str; 2] = ["Dockerfile", "Containerfile"];

/// The three files.
pub(super) struct Files {
    pub ship: PathBuf,
    pub builder: PathBuf,
    pub script: PathBuf,
}

/// The files merged, or why not.
pub(super) struct Pair {
    pub files: Files,
    ship: SourceFile,
    builder: SourceFile,
    script: SourceFile,
    pub merged: Result<Merged, Refusal>,
}

/// The other two of a pattern that one of its files, or their directory, belongs to.
///
/// The script has to stand beside them, copy something out of a container, and name the file that builds; two such
/// scripts leave it open which is meant.
pub(super) fn find(path: &Path) -> Option<Files> {
    let dir = if path.is_dir() { path } else { path.parent()? };
    let here = |name: &str| {
        Some(if dir == Path::new(".") { PathBuf::from(name) } else { dir.join(name) }).filter(|path| path.is_file())
    };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let named = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    let builder = match named(&BUILDERS) {
        Some(name) if !path.is_dir() => here(name)?,
        _ => BUILDERS.iter().find_map(|name| here(name))?,
    };
    let ship = match named(&SHIPS) {
        Some(name) if !path.is_dir() => here(name)?,
        _ => SHIPS.iter().find_map(|name| here(name))?,
    };
    if !path.is_dir() && named(&BUILDERS).is_none() && named(&SHIPS).is_none() {
        return None;
    }
    let builder_name = builder.file_name()?.to_str()?.to_string();
    let listed = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let mut scripts: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(listed).ok()?.flatten() {
        let file = entry.file_name();
        let Some(name) = file.to_str() else { continue };
        let small = entry.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() < 100_000);
        if small && (name.ends_with(".sh") || name.ends_with(".bash") || !name.contains('.')) && name != "Makefile" {
            let text = here(name).and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
            if (text.contains("docker cp") || text.contains("docker container cp")) && text.contains(&builder_name) {
                scripts.extend(here(name));
            }
        }
    }
    match scripts.as_slice() {
        [_] => Some(Files { ship, builder, script: scripts.pop()? }),
        _ => None,
    }
}

pub(super) fn read_pair(files: Files) -> Result<Pair, Stop> {
    let load = |path: &Path| {
        let named = |message: String| Stop::Usage(format!("{}: {message}", path.display()));
        std::fs::metadata(path).map_err(|error| named(walk::missing(path, &error)))?;
        read::source(path, None).map_err(named)
    };
    let (ship, builder, script) = (load(&files.ship)?, load(&files.builder)?, load(&files.script)?);
    let merged = builder_pattern::merge(&Pattern { build: &builder, script: &script, ship: &ship });
    Ok(Pair { files, ship, builder, script, merged })
}

/// Prints what comes of the pair, and writes it where that is asked for.
pub(super) fn run(command: &Rewrite, pair: &Pair, style: Style, out: &mut dyn Write) -> Result<Exit, Stop> {
    let path = pair.files.ship.as_path();
    let named = |message: String| Stop::Usage(format!("{}: {message}", path.display()));
    let after = match &pair.merged {
        Ok(merged) => {
            Some(pair.ship.apply(&merged.edits).ok_or_else(|| named("internal error: the edits overlap".into()))?)
        }
        Err(_) => None,
    };
    let written = command.write && after.is_some();
    if let (true, Some(after)) = (written, &after) {
        write::replace(path, &pair.ship.all_bytes(), &after.all_bytes()).map_err(named)?;
    }
    let outcome = merge::Outcome {
        ship: &pair.ship,
        builder: &pair.builder,
        script: &pair.script,
        merged: pair.merged.as_ref(),
        after: after.as_ref(),
        written,
    };
    match (&after, command.format) {
        (_, PlanFormat::Json) => merge::write_json(&outcome, out)?,
        (Some(after), _) if command.diff => diff::write(&pair.ship, after, out)?,
        (Some(after), _) => {
            merge::write(&outcome, out)?;
            if !written {
                diff::show(&pair.ship, after, style, out)?;
            }
        }
        // The refusal must not end up in a file that is to be a patch.
        (None, _) => {
            out.flush()?;
            merge::write(&outcome, &mut std::io::stderr().lock())?;
        }
    }
    Ok(if after.is_some() { Exit::Clean } else { Exit::Findings })
}

//! Programs that neither the build nor a package makes: of other images, from the network, out of an archive.

use super::case::Case;
use super::effects::{Effect, Kind};
use super::entry::WRAPPERS;
use super::paths::{STANDARD_PATH, base_name, is_system_dir, join, parent};
use super::placed::{Placed, of_transfer};
use crate::model::{Step, expand};
use crate::syntax::{Dockerfile, InstId, Instruction};
use crate::text::Span;

/// A program that the image starts and that the file brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fetched {
    pub path: String,
    pub how: How,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// `COPY --from=image`, which the final stage does again.
    Again(InstId),
    /// From the builder, where a RUN has changed it or made it executable.
    FromBuilder,
    /// An archive is unpacked among programs: that this one is in it, only its name in the command says.
    Unpacked,
}

/// Where the program of that name comes from.
pub(super) fn find(case: &Case<'_>, effects: &[Effect<'_>], name: &str) -> Option<Fetched> {
    for (step, inst) in case.steps() {
        let Some(transfer) = inst.transfer() else { continue };
        let from_image = inst.flag("from").is_some();
        if !from_image && !transfer.sources.iter().any(|source| source.text.contains("://")) {
            continue;
        }
        let placed = of_transfer(case, step, inst).unwrap_or_default();
        if let Some(Placed { path, .. }) = placed.into_iter().find(|one| !one.dir && base_name(&one.path) == name) {
            let touches = |effect: &Effect<'_>| {
                let words = effect.cmd.args.iter();
                let mut paths =
                    words.filter_map(|arg| super::effects::absolute(case, effect.step, effect.cmd, &arg.text));
                paths.any(|word| word == path)
            };
            let again = from_image && !effects.iter().any(touches);
            let how = if again { How::Again(step.inst) } else { How::FromBuilder };
            return Some(Fetched { path, how, span: inst.content });
        }
    }
    effects.iter().find_map(|effect| match &effect.kind {
        Kind::Unpack(dir) if STANDARD_PATH.contains(&dir.as_str()) && !effect.cmd.conditional => {
            Some(Fetched { path: join(dir, name), how: How::Unpacked, span: effect.cmd.span })
        }
        _ => None,
    })
}

/// What yt-dlp releases under its bare name is a Python program. The Debian images of Go have Python, the slim ones not.
pub(super) fn needs_python(case: &Case<'_>, effects: &[Effect<'_>]) -> bool {
    let is_it = |text: &str| text.contains("://") && (text.ends_with("/yt-dlp") || text.ends_with("/youtube-dl"));
    let installed = effects.iter().any(|effect| match &effect.kind {
        Kind::Install(install) => install.packages.iter().any(|package| package.name.starts_with("python3")),
        _ => false,
    });
    let fetched = || {
        let of_run = |effect: &Effect<'_>| {
            matches!(effect.cmd.name.text.as_str(), "curl" | "wget")
                && effect.cmd.args.iter().any(|arg| is_it(&arg.text))
        };
        effects.iter().any(of_run)
            || case
                .steps()
                .filter_map(|(_, inst)| inst.transfer())
                .any(|transfer| transfer.sources.iter().any(|source| is_it(&source.text)))
    };
    !installed && fetched()
}

/// The RUN that unpacks an archive says the name of the program: in the address that the archive comes from, say.
pub(super) fn says(case: &Case<'_>, effects: &[Effect<'_>], found: &Fetched, name: &str) -> bool {
    let effect = effects.iter().find(|effect| effect.cmd.span == found.span);
    let text = effect.and_then(|effect| case.file.get(effect.inst)).map_or("", |inst| case.source.slice(inst.content));
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
}

/// Of a COPY from another image or an ADD from the network it is known that it brings programs and nothing that one
/// could read: where they go says so, or what they are called.
pub(super) fn brings_programs(file: &Dockerfile, step: &Step, inst: &Instruction) -> bool {
    let (Some(transfer), Some(workdir)) = (inst.transfer(), step.workdir.as_deref()) else { return false };
    let text = |word: &str| expand(word, file.escape, &step.env).ok();
    let Some(dest) = text(&transfer.dest.text) else { return false };
    let target = join(workdir, &dest);
    let is_program = |path: &str| STANDARD_PATH.contains(&parent(path)) || WRAPPERS.contains(&base_name(path));
    if dest.ends_with('/') || transfer.sources.len() > 1 || is_system_dir(&target) || target == workdir {
        // A directory gives what is in it.
        return STANDARD_PATH.contains(&target.as_str())
            && transfer
                .sources
                .iter()
                .all(|source| text(&source.text).is_some_and(|source| source.contains("://") || is_program(&source)));
    }
    is_program(&target)
}

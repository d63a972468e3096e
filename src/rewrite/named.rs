//! Paths that are named without a call that reads them: by arguments and variables of the file, by `-ldflags -X`, and by
//! strings of the sources.

use super::effects::Kind;
use super::entry::Entry;
use super::environment::is_build_only;
use super::needs::{Claim, Needs, Shown, place};
use super::packages;
use super::paths::{is_system_dir, join, parent, within};
use super::presence::{Image, Presence};
use super::toolchains::go::{GoBuild, NeedKind, Program};
use crate::context::tree::{ImageTree, Origin};
use crate::model::expand;
use crate::syntax::Body;
use crate::text::Span;

/// Arguments of the command and values of ENV that name a file or directory of the image.
pub(super) fn in_file(image: &Image<'_, '_>, entry: &Entry, needs: &mut Needs) {
    let case = image.case;
    let mut words: Vec<(String, Claim)> = entry
        .args
        .iter()
        .map(|arg| (arg.clone(), Claim::at("an argument of the command names it", entry.span)))
        .collect();
    for (step, inst) in case.steps() {
        let Body::Env(pairs) = &inst.body else { continue };
        for pair in &pairs.pairs {
            let name = pair.key.text.as_str();
            if is_build_only(name) || matches!(name, "PATH" | "HOME" | "LD_LIBRARY_PATH" | "SHELL") {
                continue;
            }
            let value = pair.value.as_ref().and_then(|value| expand(&value.text, case.file.escape, &step.env).ok());
            let claim = Claim::at(format!("ENV {name} names it"), inst.content);
            words.extend(value.map(|value| (value, claim)));
        }
    }
    if needs.reads_computed {
        installed_data(image, needs);
    }
    for (word, claim) in words {
        for part in word.split(['=', ',', ':']).filter(|part| !part.is_empty() && !part.starts_with('-')) {
            one(image, entry, part, &claim, needs);
            // `ssh -i /app/key`
            let inner = part.split([' ', '\t', '"', '\'', ';']).filter(|inner| *inner != part && inner.contains('/'));
            inner.for_each(|inner| one(image, entry, inner, &claim, needs));
        }
    }
}

/// Where paths are computed, nobody knows that what a package of data brings is not read.
fn installed_data(image: &Image<'_, '_>, needs: &mut Needs) {
    for effect in image.effects {
        let Kind::Install(install) = &effect.kind else { continue };
        let named = install.packages.iter().map(|package| package.name.as_str());
        for name in named.filter(|name| brings_data(name)) {
            let text = format!("what the package {name} brings may be read: a path that is read is computed");
            needs.gaps.push(Claim::at(text, effect.cmd.span));
        }
    }
}

fn brings_data(name: &str) -> bool {
    const STARTS: &[&str] =
        &["aspell-", "hunspell-", "iso-codes", "libmagic-mgc", "myspell-", "tesseract-ocr-", "wamerican", "wbritish"];
    let known = packages::is_data(name) && !packages::in_static(name) && name != "locales";
    known || STARTS.iter().any(|start| name.starts_with(start))
}

/// A word that may be a path: carried where the file put something there. A path of the base matters only where the
/// program reads what it is told to.
fn one(image: &Image<'_, '_>, entry: &Entry, word: &str, claim: &Claim, needs: &mut Needs) {
    let path = join(&entry.workdir, word);
    if path == "/etc/ssl/certs" {
        needs.certificate_dir.get_or_insert_with(|| claim.clone());
    }
    if path.ends_with(".go") || ["/go", "/usr/src"].contains(&path.as_str()) || path == entry.workdir {
        return;
    }
    let tree = image.case.tree();
    // `./app *.yml`: what the shell or the program makes of it.
    if let (Some(tree), Some(star)) = (tree, path.find('*')) {
        let (head, tail) = (path.get(..star).unwrap_or(""), path.rsplit('*').next().unwrap_or(""));
        let dir = super::layout::data_path(&path);
        let matches = |file: &&str| file.starts_with(head) && file.ends_with(tail) && !file.ends_with(".go");
        let files = tree.under(&dir).filter(|(_, origin)| **origin != Origin::Program).map(|(file, _)| file);
        needs.data.extend(files.filter(matches).map(|file| (file.to_string(), claim.clone())));
        return;
    }
    // A directory of nothing but programs of the build: those that are started ship by themselves.
    let programs = |tree: &ImageTree<'_>| {
        let mut inside = tree.under(&path).peekable();
        inside.peek().is_some() && inside.all(|(_, origin)| *origin == Origin::Program)
    };
    if tree.is_some_and(programs) {
        return;
    }
    let there = tree.is_some_and(|tree| tree.is_file(&path) || tree.under(&path).next().is_some());
    if there && !is_system_dir(&path) {
        needs.data.push((path, claim.clone()));
        return;
    }
    let given = ["/dev", "/proc", "/run", "/sys", "/tmp", "/var/run", "/var/tmp"].iter().any(|dir| within(&path, dir));
    let known = path.contains("zoneinfo") || path.starts_with("/etc/ssl/cert") || path.contains("ca-certificates");
    if !word.starts_with('/') || given || known || word.contains(['*', '?', '{', '$', ' ']) {
        return;
    }
    match image.presence(&path) {
        Presence::Made(_) if !is_system_dir(&path) => needs.data.push((path, claim.clone())),
        Presence::Perhaps(why) if needs.reads_computed => {
            let text = format!("{}, which may be read: {}", why.text, claim.text);
            needs.gaps.push(Claim { text, ..claim.clone() });
        }
        _ => {}
    }
}

/// Paths in the sources of a program, and those that the linker puts into it.
pub(super) fn in_program(
    image: &Image<'_, '_>,
    entry: &Entry,
    program: &Program,
    go: Option<&GoBuild>,
    needs: &mut Needs,
) {
    needs.reads_computed |= program.reads_computed;
    if let Some((go, flags)) = go.and_then(|go| Some((go, go.ldflags.as_ref()?))) {
        let words = flags.text.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
        for (name, value) in words.filter_map(|word| word.trim_start_matches("-X=").split_once('=')) {
            let claim = Claim::at(format!("-ldflags -X {name} names it"), go.span);
            one(image, entry, value.trim_matches(['"', '\'']), &claim, needs);
            let path = ["conf", "dir", "file", "path", "root"].iter().any(|word| name.to_lowercase().contains(word));
            if path && value.contains(['$', '`']) {
                needs.gaps.push(Claim { text: format!("what -ldflags -X {name} sets is computed"), ..claim });
            }
        }
    }
    let called = |text: &str| {
        program.needs.iter().any(|need| match &need.kind {
            NeedKind::DataFile(path) | NeedKind::WritablePath(path) | NeedKind::Program(path) => path == text,
            _ => false,
        })
    };
    for (text, at) in &program.paths {
        // "/" is the root, also of routes, and not the working directory.
        let path = if text == "/" { text.clone() } else { join(&entry.workdir, text.trim_end_matches('/')) };
        let claim =
            Claim { text: format!("the string {text:?} names it"), shown: Shown { span: None, file: place(Some(at)) } };
        if path == "/etc/ssl/certs" {
            needs.certificate_dir.get_or_insert_with(|| claim.clone());
        }
        if let Some(made) = made_directory(image, &path) {
            needs.data.push((made, claim));
            continue;
        }
        if let Some((link, again)) = device_link(image, &path) {
            let text =
                format!("{path} is a link to a device, which no COPY carries: {}{}", claim.text, claim.in_file());
            let claim = Claim::at(text, link);
            // Where the final stage makes it again, that takes a shell.
            if again {
                needs.shell.get_or_insert(claim);
            } else {
                needs.gaps.push(claim);
            }
            continue;
        }
        let surely = text.starts_with("./") || text.starts_with('/') && within(&path, &entry.workdir);
        if surely
            && !called(text)
            && path != entry.workdir
            && let Presence::Perhaps(why) = image.presence(&path)
        {
            let text = format!("{}, which may be read: {}{}", why.text, claim.text, claim.in_file());
            needs.gaps.push(Claim { text, ..why });
        }
    }
}

/// The directory that a RUN made for this path or for files beside it: a log, an upload, a database.
fn made_directory(image: &Image<'_, '_>, path: &str) -> Option<String> {
    let made = |dir: &&String| {
        (*dir == path || parent(path) == dir.as_str()) && !is_system_dir(dir) && **dir != image.case.workdir
    };
    let found = image.effects.iter().find_map(|effect| match &effect.kind {
        Kind::Make(paths) if !effect.cmd.conditional => paths.iter().find(made).cloned(),
        _ => None,
    })?;
    matches!(image.presence(&found), Presence::Made(_)).then_some(found)
}

/// `ln -sf /dev/stdout /var/log/app.log`
fn device_link(image: &Image<'_, '_>, path: &str) -> Option<(Span, bool)> {
    let found = image.effects.iter().find(|effect| {
        let to_device =
            effect.cmd.args.iter().any(|arg| arg.text.starts_with("/dev/") || arg.text.starts_with("/proc/"));
        effect.cmd.name.text == "ln"
            && to_device
            && matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(|made| made == path))
    })?;
    Some((found.cmd.span, super::placed::is_rerun(found)))
}

/// A file of the build context or one that a RUN made, and no program of the build.
pub(super) fn is_file_of(image: &Image<'_, '_>, path: &str) -> bool {
    image.case.tree().is_some_and(|tree| tree.is_file(path) && tree.origin(path) != Some(&Origin::Program))
}

//! What no source of the program names and what is still there for it: files that COPY and ADD put outside of the
//! places of the build, libraries that are loaded at run time, locales, and a compose file beside the Dockerfile.

use super::artifacts::Found;
use super::effects::{Effect, Kind, LOCALES};
use super::needs::{Claim, Needs, Shown, shipped};
use super::paths::{base_name, is_system_dir, join, within};
use super::presence::{Image, Presence};
use super::toolchains::go::Program;

/// The directories of the build: where its commands are run, and where sources lie.
pub(super) struct Places<'i, 'c, 'a> {
    image: &'i Image<'c, 'a>,
    dirs: Vec<String>,
}

impl<'i, 'c, 'a> Places<'i, 'c, 'a> {
    pub fn of(image: &'i Image<'c, 'a>) -> Self {
        let case = image.case;
        let mut dirs: Vec<String> = case.steps().filter_map(|(step, _)| step.workdir.clone()).collect();
        dirs.push(case.workdir.clone());
        for effect in image.effects.iter().filter(|effect| effect.cmd.name.text == "cd") {
            let args = effect.cmd.args.iter().filter(|arg| !arg.text.starts_with('-'));
            dirs.extend(args.filter_map(|arg| super::effects::absolute(case, effect.step, effect.cmd, &arg.text)));
        }
        dirs.retain(|place| place != "/" && place != "/etc" && place != "/root");
        Places { image, dirs }
    }

    pub fn holds_sources(&self, path: &str) -> bool {
        self.image.case.tree().is_some_and(|tree| tree.under(path).any(|(file, _)| is_source(file)))
    }

    /// It lies in none of these directories, and none of them in it.
    pub fn is_elsewhere(&self, path: &str) -> bool {
        !self.dirs.iter().any(|place| within(path, place) || within(place, path))
    }

    /// Neither sources nor a program, nor one of these directories or of those that the build or the system has.
    pub fn is_for_running(&self, path: &str, found: &Found) -> bool {
        !self.dirs.iter().any(|place| within(place, path))
            && !is_system_dir(path)
            && !is_of_build(path)
            && !is_source(path)
            && !self.holds_sources(path)
            && !shipped(found).any(|built| within(&built.path, path))
            && found.script.as_deref() != Some(path)
    }
}

fn is_source(path: &str) -> bool {
    path.ends_with(".go") || matches!(base_name(path), "go.mod" | "go.sum" | "go.work")
}

/// Nobody copies a file to /root/.aws or /etc/nats for the build: what stands outside of it is for the running program.
pub(super) fn copied(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    if !needs.read || case.options.stated.runtime_files.is_some() {
        return;
    }
    let places = Places::of(image);
    let mut paths = Vec::new();
    for (step, inst) in case.steps().filter(|(_, inst)| inst.transfer().is_some()) {
        // What cannot be told is told elsewhere, where something may read it.
        for placed in super::placed::of_transfer(case, step, inst).unwrap_or_default() {
            let text = "COPY puts it outside of the places of the build";
            let gone = super::placed::removed_later(case, image.effects, inst.span.start, &placed.path)
                // A tool of another image may be for the build.
                || inst.flag("from").is_some() && is_named(image, &placed.path);
            if places.is_elsewhere(&placed.path) && places.is_for_running(&placed.path, found) && !gone {
                let claim = Claim::at(text, inst.content);
                match image.presence(&placed.path) {
                    Presence::Made(made) => paths.push((made, claim)),
                    // A directory that the base may have, too: the files that came are told by their names.
                    Presence::Perhaps(_) => {
                        let files = case.tree().into_iter().flat_map(|tree| tree.under(&placed.path));
                        let files: Vec<String> = files.map(|(file, _)| file.to_string()).take(12).collect();
                        let few = !files.is_empty() && files.len() < 12;
                        let whole = if few { files } else { vec![placed.path.clone()] };
                        paths.extend(whole.into_iter().map(|path| (path, claim.clone())));
                    }
                    _ => {}
                }
            }
        }
    }
    paths.retain(|(path, _)| !needs.data.iter().any(|(data, _)| within(path, data) || within(data, path)));
    needs.data.extend(paths);
}

/// `COPY backup.sh /usr/local/bin/backup`: nothing of the file starts it, so somebody does from outside, in the container.
pub(super) fn for_people(image: &Image<'_, '_>, found: &Found, needs: &mut Needs) {
    let case = image.case;
    if !needs.read || case.options.stated.runtime_files.is_some() {
        return;
    }
    for (step, inst) in case.steps().filter(|(_, inst)| inst.transfer().is_some() && inst.flag("from").is_none()) {
        for placed in super::placed::of_transfer(case, step, inst).unwrap_or_default() {
            let path = placed.path.as_str();
            let name = base_name(path);
            let file = case.tree().is_some_and(|tree| tree.is_file(path));
            // Who works in /bin has the sources there, too.
            let dir = super::paths::parent(path);
            let in_path = super::paths::STANDARD_PATH.contains(&dir) && dir != case.workdir;
            let named = |text: &str| {
                text.split(|c: char| c.is_whitespace() || "/;&|()\"'`=".contains(c)).any(|word| word == name)
            };
            let used = image.effects.iter().any(|effect| {
                !matches!(effect.kind, super::effects::Kind::Mode(_) | super::effects::Kind::Own(..))
                    && named(case.source.slice(effect.cmd.span))
            });
            let wanted = needs.programs.iter().any(|(program, _)| program == name)
                || needs.data.iter().any(|(data, _)| within(path, data))
                || found.script.as_deref() == Some(path)
                || shipped(found).any(|built| built.path == path);
            if file && in_path && !used && !wanted {
                let text =
                    format!("nobody starts {path} in the container: COPY puts it there, and no command names it");
                needs.open.push(Claim::at(text, inst.content));
            }
        }
    }
}

/// A command of the file speaks of it, or one that is not read may.
fn is_named(image: &Image<'_, '_>, path: &str) -> bool {
    image.effects.iter().any(|effect| {
        let text = image.case.source.slice(effect.cmd.span);
        text.contains(path) || text.contains(super::paths::parent(path)) && super::paths::parent(path) != "/"
    })
}

/// Places whose files only the build or the package manager reads, and those of programs.
pub(super) fn is_of_build(path: &str) -> bool {
    const FILES: &[&str] = &[
        ".bash_profile",
        ".bashrc",
        ".condarc",
        ".dockerignore",
        ".gitconfig",
        ".gitignore",
        ".netrc",
        ".npmrc",
        ".profile",
        ".vimrc",
        ".wgetrc",
        ".curlrc",
        ".yarnrc",
        ".yarnrc.yml",
        "Dockerfile",
        "Makefile",
        "gitconfig",
        "pip.conf",
    ];
    const DIRS: &[&str] = &[
        "/bin",
        "/sbin",
        "/lib",
        "/usr/bin",
        "/usr/sbin",
        "/usr/lib",
        "/usr/include",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/usr/local/lib",
        "/usr/local/include",
        "/usr/local/share/ca-certificates",
        "/usr/src",
        "/usr/share/ca-certificates",
        "/etc/apt",
        "/etc/apk",
        "/etc/ssl",
        "/etc/ca-certificates",
        "/etc/pki",
        "/etc/yum.repos.d",
        "/go",
        "/src",
        "/build",
        "/root/.ssh",
        "/root/.config/go",
        "/root/.config/git",
        "/etc/ssh",
        "/root/.m2",
        "/root/.gradle",
        "/root/.cargo",
        "/root/.vim",
        "/root/.config/pip",
        "/root/.pip",
        "/run/secrets",
    ];
    FILES.contains(&base_name(path)) || DIRS.iter().any(|dir| within(path, dir)) || super::placed::is_build_place(path)
}

/// Packages that load shared libraries whose names the program gives them.
const LOADERS: &[&str] = &[
    "github.com/ThalesIgnite/crypto11",
    "github.com/ThalesGroup/crypto11",
    "github.com/ebitengine/purego",
    "github.com/godror/godror",
    "github.com/miekg/pkcs11",
    "github.com/rainycape/dl",
    "github.com/yalue/onnxruntime_go",
];

/// Shared libraries that are loaded at run time: packages bring them, and nothing in the program lists them.
pub(super) fn loaded(program: &Program, needs: &mut Needs) {
    let imported = |name: &str| program.packages.iter().chain(&program.unread).any(|path| within(path, name));
    if let Some(loader) = LOADERS.iter().find(|name| imported(name)) {
        let text = format!("{loader} loads shared libraries, and which of them is not known");
        needs.program_gaps.push(Claim::new(text));
    }
    for (text, place) in &program.paths {
        if base_name(text).ends_with(".so") || base_name(text).contains(".so.") {
            let shown = Shown { span: None, file: super::needs::place(Some(place)) };
            let text = format!("the string {text:?} names a shared library, and what it needs is not known");
            needs.program_gaps.push(Claim { text, shown });
        }
    }
}

/// Extensions of SQLite are loaded by a name that need not be a path.
pub(super) fn extensions(image: &Image<'_, '_>, needs: &mut Needs) {
    for effect in image.effects {
        let Kind::Install(install) = &effect.kind else { continue };
        for package in install.packages.iter().filter(|package| package.name.starts_with("libsqlite3-mod-")) {
            let text = format!("the program loads what the package {} brings", package.name);
            needs.program_gaps.push(Claim::at(text, effect.cmd.span));
        }
    }
}

/// Programs of another language look for the locales that the file makes.
pub(super) fn locales(image: &Image<'_, '_>, needs: &mut Needs) {
    if needs.programs.is_empty() && needs.shell.is_none() {
        return;
    }
    let makes =
        |effect: &&Effect<'_>| matches!(&effect.kind, Kind::Write(paths) if paths.iter().any(|path| path == LOCALES));
    if let Some(effect) = image.effects.iter().find(makes) {
        let text = format!("started programs may want the locales that {} makes", effect.cmd.name.text);
        needs.data.push((LOCALES.into(), Claim::at(text, effect.cmd.span)));
    }
}

/// What configuration that a started program reads names of the image: `root /app/www;`.
pub(super) fn configured(image: &Image<'_, '_>, needs: &mut Needs) {
    let Some(tree) = image.case.tree() else { return };
    if needs.programs.is_empty() {
        return;
    }
    let mut named = Vec::new();
    for (config, claim) in needs.data.iter().filter(|(path, _)| within(path, "/etc")) {
        let below = tree.under(config).map(|(file, _)| file.to_string());
        for file in below.chain([config.clone()]) {
            let Some(text) = tree.read(&file).filter(|text| text.len() < 100_000) else { continue };
            let words = text.split(|c: char| c.is_whitespace() || ";=\"',:(){}[]<>".contains(c));
            for word in words.filter(|word| word.starts_with('/') && word.len() > 1) {
                let path = join("/", word);
                let there = tree.is_file(&path) || tree.under(&path).next().is_some();
                if there && !is_system_dir(&path) && !path.ends_with(".go") {
                    named.push((path, Claim { text: format!("{file} names it"), ..claim.clone() }));
                }
            }
        }
    }
    named.retain(|(path, _)| !needs.data.iter().any(|(data, _)| within(path, data)));
    needs.data.extend(named);
}

//! What builds here: the refusals that need no more than the file, and the way through the build stage.

use super::Refusal;
use super::artifacts::Built;
use super::case::Case;
use super::effects::{Effect, Kind};
use super::paths::{base_name, is_system_dir, join, within};
use super::refuse::refuse;
use super::releases::{self, Ground, is_windows};
use super::toolchains::go::constraint::Target;
use super::toolchains::go::packages::mains_below;
use super::toolchains::go::walk::Walk;
use super::toolchains::go::{GoBuild, GoKind, Program, Tags, program};
use crate::context::BuildContext;
use crate::context::tree::{CopyFlags, ImageTree, Origin};
use crate::model::{Base, Model, Stage, Step, expand};
use crate::shell::Dialect;
use crate::syntax::{Body, Command, Dockerfile, Instruction, Transfer};
use crate::text::{SourceFile, Span};

/// The stage to be rewritten, or why there is nothing to rewrite.
pub(super) fn single_stage<'a>(source: &SourceFile, file: &Dockerfile, model: &'a Model) -> Result<&'a Stage, Refusal> {
    if let Some(error) = file.errors.first() {
        return Err(refuse("syntax-error", error.span, error.message.clone(), "mend the file first"));
    }
    let start = Span::new(0, source.len().min(1));
    let Some(stage) = model.stages.first() else {
        return Err(refuse("no-stage", start, "the file has no FROM", "begin the file with the image to build on"));
    };
    let from = file.get(stage.from).map_or(start, |inst| inst.content);
    if let Some(second) = model.stages.get(1) {
        let span = file.get(second.from).map_or(from, |inst| inst.content);
        return Err(refuse(
            "already-multi-stage",
            span,
            "the file has more than one stage already",
            "unladen check says what its last stage could leave out",
        ));
    }
    match &stage.base {
        Base::Unresolved(text) => {
            return Err(refuse(
                "base-from-argument",
                from,
                format!("the base {text} depends on a build argument without a default"),
                "give the ARG a default, or name its value: --build-arg NAME=VALUE (build-args: {NAME: VALUE})",
            ));
        }
        Base::Scratch => {
            return Err(refuse(
                "no-artifact",
                from,
                "an image from scratch builds nothing",
                "there is nothing to gain",
            ));
        }
        Base::Stage(_) => {
            return Err(refuse("already-multi-stage", from, "the stage builds on another", "write the stages by hand"));
        }
        Base::Image { reference } => {
            let tag = reference.tag.as_ref().map(|tag| tag.text.as_str());
            let windows = is_windows(tag, &reference.repository.text)
                || stage.steps.iter().any(|step| matches!(step.shell.dialect, Dialect::PowerShell | Dialect::Cmd));
            if windows {
                return Err(refuse(
                    "windows",
                    from,
                    "the base is a Windows image",
                    "only Linux images can be rewritten",
                ));
            }
            if tag.is_some_and(|tag| tag.split('-').any(|part| part == "onbuild")) {
                return Err(refuse(
                    "onbuild",
                    from,
                    "an onbuild image runs instructions that the file does not show",
                    "write the steps of the onbuild image into the file",
                ));
            }
        }
    }
    for step in &stage.steps {
        let from = file.get(step.inst).and_then(|inst| inst.flag("from")).and_then(|flag| flag.value.as_ref());
        if let (Some(from), Some(own)) = (from, &stage.name)
            && from.text.eq_ignore_ascii_case(&own.text)
        {
            return Err(refuse(
                "syntax-error",
                from.span,
                "the stage copies from itself, so the file does not build",
                "name another stage or image",
            ));
        }
        if let Some(inst) = file.get(step.inst)
            && matches!(inst.body, Body::Onbuild(_))
        {
            return Err(refuse(
                "onbuild",
                inst.content,
                "ONBUILD makes this a base for other images",
                "split the base image and the program into two files",
            ));
        }
    }
    Ok(stage)
}

/// Is Go built here at all?
pub(super) fn require_go(case: &Case<'_>) -> Result<(), Refusal> {
    let go = &case.walk.builds;
    let builds = |go: &GoBuild| matches!(go.kind, GoKind::Build | GoKind::Install | GoKind::Get);
    let golang = case
        .stage
        .image()
        .is_some_and(|image| image.repository.text.rsplit('/').next().is_some_and(|name| name.contains("golang")));
    if golang || go.iter().any(builds) {
        return Ok(());
    }
    Err(refuse("not-go", case.base_span(), "no Go program is built here", "so far only Go images are rewritten"))
}

/// Goes through the stage once: what COPY brings, and what each RUN makes of it.
pub(super) fn walk<'a>(
    source: &SourceFile,
    file: &Dockerfile,
    stage: &Stage,
    context: Option<&'a BuildContext>,
) -> Walk<'a> {
    let mut walk = Walk::new(context, go_version(stage));
    for step in &stage.steps {
        let Some(inst) = file.get(step.inst) else { continue };
        if let Some(workdir) = &step.workdir {
            walk.tree.add_dir(workdir);
        }
        copy(&mut walk.tree, file, step, inst);
        if let (Body::Run(_), Some(script)) = (&inst.body, &step.script) {
            let first = walk.builds.len();
            let mounts = step.mounts.iter().filter_map(|mount| walk.mount(mount)).collect();
            walk.run(source, script, step.workdir.as_deref(), &step.env);
            walk.unmount(mounts, first);
            if matches!(inst.command(), Some(Command::Exec { .. })) {
                for build in walk.builds.iter_mut().skip(first) {
                    (build.in_json, build.insert_at, build.takes_cgo_off) = (true, None, false);
                }
            }
        }
    }
    walk
}

fn copy(tree: &mut ImageTree<'_>, file: &Dockerfile, step: &Step, inst: &Instruction) {
    let Some(transfer) = inst.transfer() else { return };
    let remote = transfer.sources.iter().all(|source| source.text.contains("://"));
    if (inst.flag("from").is_some() || remote) && super::fetched::brings_programs(file, step, inst) {
        return;
    }
    let text = |word: &str| expand(word, file.escape, &step.env).unwrap_or_else(|_| word.to_string());
    let Some(workdir) = step.workdir.as_deref() else {
        tree.gaps.push("a COPY whose working directory is not known".into());
        return;
    };
    let dest = text(&transfer.dest.text);
    let foreign = inst.flag("from").is_some();
    if (foreign || remote) && lands_apart(tree, &dest, workdir, transfer) {
        return;
    }
    if foreign {
        tree.gaps.push("a COPY from another image".into());
        return;
    }
    let mut sources = Vec::new();
    for (index, source) in transfer.sources.iter().enumerate() {
        if source.text.starts_with("<<") {
            if let Some(heredoc) = inst.heredocs.get(index) {
                let inside =
                    if dest.ends_with('/') { join(&join(workdir, &dest), &heredoc.name) } else { join(workdir, &dest) };
                tree.insert(&inside, Origin::Made);
            }
        } else {
            sources.push(text(&source.text));
        }
    }
    if sources.is_empty() {
        return;
    }
    let values = |name: &str| {
        let flags = inst.flags.iter().filter(move |flag| flag.name.text == name);
        flags.filter_map(|flag| flag.value.as_ref()).map(|word| word.text.to_string()).collect::<Vec<_>>()
    };
    let flags = CopyFlags { parents: inst.flag("parents").is_some(), excludes: values("exclude") };
    let words: Vec<&str> = sources.iter().map(String::as_str).collect();
    // A failure leaves its reason in the tree's gaps.
    let _ = tree.copy(&words, &dest, workdir, &flags);
}

/// What comes from another image or from the network lies in a place of its own, where no source of Go is: it is one
/// more thing that a program may read.
fn lands_apart(tree: &mut ImageTree<'_>, dest: &str, workdir: &str, transfer: &Transfer) -> bool {
    let target = join(workdir, dest);
    let inside = dest.ends_with('/') || transfer.sources.len() > 1;
    // Libraries and settings among those of the base are found without being named.
    let of_base = ["/bin", "/etc", "/go", "/home", "/lib", "/lib64", "/root", "/sbin", "/usr", "/var"];
    let own = within(&target, workdir) || !of_base.iter().any(|dir| within(&target, dir));
    let known = own && !dest.contains('$') && !is_system_dir(&target) && !within(workdir, &target);
    let source = |path: &str| path.ends_with(".go") || matches!(base_name(path), "go.mod" | "go.work");
    if !known || source(&target) || tree.is_file(&target) || tree.under(&target).any(|(path, _)| source(path)) {
        return false;
    }
    match transfer.sources.as_slice() {
        [one] if !inside && one.text.contains("://") && !is_repository(&one.text) => {
            tree.insert(&target, Origin::Made);
        }
        // Whatever it holds.
        _ => tree.insert(&join(&target, "*"), Origin::Made),
    }
    true
}

/// `ADD https://github.com/a/b.git#v1` brings the whole of it.
fn is_repository(url: &str) -> bool {
    url.split(['#', '?']).next().is_some_and(|path| path.ends_with(".git"))
}

/// `(1, 22)` of `golang:1.22-bookworm`.
fn go_version(stage: &Stage) -> Option<(u32, u32)> {
    let image = stage.image()?;
    let tag = image.tag.as_ref()?.text.as_str();
    if !image.repository.text.ends_with("golang") {
        return None;
    }
    if releases::is_before_modules(tag) {
        return Some((1, 15));
    }
    let mut numbers = tag.split(|letter: char| !letter.is_ascii_digit()).map(str::parse::<u32>);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What the base image stands on; a base of which nothing is known is a refusal.
pub(super) fn ground(case: &Case<'_>) -> Result<Option<Ground>, Refusal> {
    let Some(image) = case.stage.image() else { return Ok(None) };
    let tag = image.tag.as_ref().map(|tag| tag.text.as_str());
    let ground = releases::ground(image, tag, case.stage.facts.as_deref());
    if ground.is_none() {
        return Err(refuse(
            "unknown-base",
            case.base_span(),
            format!(
                "what {} brings is not known: its variables, user, command and files cannot be carried over",
                image.text
            ),
            "build on the official golang image, or write the stages by hand",
        ));
    }
    if case.workdir.is_empty() {
        return Err(refuse(
            "unknown-base",
            case.base_span(),
            "the working directory of the image is not known",
            "set it with WORKDIR",
        ));
    }
    Ok(ground)
}

/// Effects that no copy carries over.
pub(super) fn refuse_effects(case: &Case<'_>, effects: &[Effect<'_>]) -> Result<(), Refusal> {
    for effect in effects {
        if matches!(effect.kind, Kind::Capabilities) {
            return Err(refuse(
                "capabilities",
                effect.cmd.span,
                format!(
                    "{} sets capabilities or a set-user-id bit, which not every builder copies",
                    effect.cmd.name.text
                ),
                "set them in the final stage by hand",
            ));
        }
    }
    nothing_left(case, effects)
}

/// `apk add go … && go build && apk del go` on a plain distribution: the image holds no toolchain as it is.
fn nothing_left(case: &Case<'_>, effects: &[Effect<'_>]) -> Result<(), Refusal> {
    let plain = ground(case)?.is_some_and(|ground| !ground.toolchain_image);
    let removed = effects.iter().find(|effect| matches!(effect.kind, Kind::Remove(_)));
    let Some(removed) = removed.filter(|_| plain) else { return Ok(()) };
    let Kind::Remove(gone) = &removed.kind else { return Ok(()) };
    let installs_go = effects.iter().any(|effect| {
        // `apk add $deps … apk del $deps`, too.
        let go = |name: &str| {
            matches!(name, "go" | "golang" | "golang-go")
                || name.starts_with("golang-1")
                || (name.starts_with('$') && gone.iter().any(|gone| gone == name))
        };
        effect.inst == removed.inst
            && matches!(&effect.kind, Kind::Install(install) if install.packages.iter().any(|package| go(&package.name)))
    });
    if !installs_go {
        return Ok(());
    }
    Err(refuse(
        "nothing-to-gain",
        removed.cmd.span,
        "the toolchain is removed in the same RUN that installs it",
        "there is nothing left in the image to leave behind",
    ))
}

/// What the sources of one program say; `None` when they are not there. `workdir` is where it starts.
pub(super) fn analyse(case: &Case<'_>, built: &Built, workdir: &str) -> Option<Program> {
    if !case.walk.has_context {
        return None;
    }
    let command = case.walk.builds.get(built.build?)?;
    let dir = built.package_dir.as_ref()?;
    let roots = [case.workdir.clone(), workdir.to_string()];
    let read = |tree: &ImageTree<'_>, image: &ImageTree<'_>| {
        let one = |dir: &String| program::analyse_seen(tree, image, dir, &Tags::of(command), &roots);
        let mut program = one(dir);
        if let Some(chosen) = &command.chosen {
            let all = chosen.below.as_ref().map(|below| all_choices(tree, below, command)).unwrap_or_default();
            for other in all.iter().filter(|other| *other != dir) {
                program.join(one(other));
            }
        }
        program
    };
    if let Some(seen) = case.walk.seen_by(built.build?) {
        return Some(read(&seen, &case.walk.tree));
    }
    let tree = &case.walk.tree;
    let has_sources = |tree: &ImageTree<'_>| tree.files_in(dir).any(|(name, _)| name.ends_with(".go"));
    if has_sources(tree) {
        return Some(read(tree, tree));
    }
    // `go build && rm -rf /src`: what COPY brought is what was built.
    let copied = copied(case);
    has_sources(&copied).then(|| read(&copied, &copied))
}

/// The directories of all programs that an ARG may choose from.
pub(super) fn all_choices(tree: &ImageTree<'_>, below: &str, command: &GoBuild) -> Vec<String> {
    let target = Target { os: "linux", arch: "amd64", cgo: true, tags: &command.tags };
    mains_below(tree, below, &target)
}

/// The files that COPY and ADD brought, before any RUN.
fn copied<'a>(case: &Case<'a>) -> ImageTree<'a> {
    let mut tree = ImageTree::new(case.walk.tree.context);
    for (step, inst) in case.steps() {
        copy(&mut tree, case.file, step, inst);
    }
    tree
}

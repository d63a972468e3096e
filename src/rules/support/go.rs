//! What the `go` commands of a stage build, where the programs go, and what is known of them from the build context.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Run, chain, known, layers_ship, runs};
use crate::context::tree::{CopyFlags, ImageTree};
use crate::diagnostic::Applicability;
use crate::model::{Copied, MountKind, Source, SourceKind, Stage, StageId, Step};
use crate::rewrite::toolchains::go::build::{self, Scene};
use crate::rewrite::toolchains::go::program;
use crate::rewrite::toolchains::go::source::asks_c_resolver;
use crate::rewrite::toolchains::go::{Cgo, CgoKind, GoBuild, GoKind, GoOutput, Outputs, Program, Tags};
use crate::rules::Context;
use crate::shell::ShellCommand;
use crate::text::Edit;

/// What was found out for one rule and is asked again by the next: laying the files out and reading the sources costs more
/// than all else that these rules do.
#[derive(Default)]
pub struct Known<'c> {
    trees: RefCell<Vec<(StageId, Option<Rc<ImageTree<'c>>>)>>,
    linked: RefCell<Vec<Linked>>,
}

/// The program of a directory of a stage, built with tags.
struct Linked {
    stage: StageId,
    dir: String,
    tags: Tags,
    program: Rc<Program>,
}

/// One `go` command of a stage.
pub struct Build<'a> {
    pub run: Run<'a>,
    pub command: &'a ShellCommand,
    pub go: GoBuild,
}

/// Every `go` command in the RUNs of the stage, without those of the stages below it.
pub fn builds<'a>(cx: &'a Context<'_>, stage: &'a Stage) -> Vec<Build<'a>> {
    let tree = tree(cx, stage);
    let mut go_env: Vec<(String, String)> = Vec::new();
    let mut found = Vec::new();
    for run in runs(cx, stage) {
        for command in run.script.commands.iter().filter(|cmd| cmd.name.text == "go") {
            let scene = Scene {
                workdir: run.step.workdir.as_deref(),
                env: &run.step.env,
                go_env: &go_env,
                tree: tree.as_deref(),
                go_version: go_version(cx, stage),
            };
            if let Some(go) = build::read(command, &scene) {
                go_env.extend(go.env_writes.iter().cloned());
                found.push(Build { run, command, go });
            }
        }
    }
    found
}

impl Build<'_> {
    /// It makes a program of the author's.
    pub fn makes_program(&self) -> bool {
        matches!(self.go.kind, GoKind::Build | GoKind::Install)
            && !matches!(self.go.outputs, Outputs::Nothing | Outputs::Fails(_))
    }

    pub fn outputs(&self) -> &[GoOutput] {
        match &self.go.outputs {
            Outputs::Files(files) => files,
            _ => &[],
        }
    }

    /// The edit that switches cgo off for this command.
    pub fn disable_cgo(&self) -> Option<Edit> {
        Some(Edit::insert(self.go.insert_at?, "CGO_ENABLED=0 "))
    }

    /// `go install example.com/tool@v1`: a tool from elsewhere.
    pub fn is_foreign(&self) -> bool {
        self.go.packages.iter().any(|package| package.contains('@'))
    }
}

/// `(1, 22)` for `golang:1.22-alpine`, through the chain of stages.
pub fn go_version(cx: &Context<'_>, stage: &Stage) -> Option<(u32, u32)> {
    let root = chain(cx, stage).first().copied()?;
    let image = root.image().filter(|image| image.repository.text.rsplit('/').next() == Some("golang"))?;
    let mut numbers = image.tag.as_ref()?.text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The part of the stage's file system that came from the build context; `None` without one.
pub fn tree<'c>(cx: &Context<'c>, stage: &Stage) -> Option<Rc<ImageTree<'c>>> {
    let known = cx.go.trees.borrow().iter().find(|(id, _)| *id == stage.id).map(|(_, tree)| tree.clone());
    known.unwrap_or_else(|| {
        let tree = laid_out(cx, stage).map(Rc::new);
        cx.go.trees.borrow_mut().push((stage.id, tree.clone()));
        tree
    })
}

fn laid_out<'c>(cx: &Context<'c>, stage: &Stage) -> Option<ImageTree<'c>> {
    let mut tree = ImageTree::new(cx.build_context?);
    for stage in chain(cx, stage) {
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            if let Some(copied) = &step.copied {
                copy(cx, &mut tree, step, copied);
            }
            if let Some(script) =
                step.script.as_ref().filter(|_| cx.dockerfile.get(step.inst).is_some_and(super::is_run))
            {
                if !known::all(script, leaves_sources) {
                    tree.gaps.push("a RUN that may make or change sources".to_string());
                }
                if step.mounts.iter().any(|mount| mount.kind == MountKind::Bind) {
                    tree.gaps.push("a bind mount".to_string());
                }
            }
        }
    }
    Some(tree)
}

fn copy(cx: &Context<'_>, tree: &mut ImageTree<'_>, step: &Step, copied: &Copied) {
    let plain = copied.sources.iter().all(|source| source.kind == SourceKind::Path);
    let sources: Option<Vec<&str>> = copied.sources.iter().map(|source| source.path.as_deref()).collect();
    let (Source::Context, true, Some(sources), Some(dest)) = (&copied.from, plain, sources, copied.dest.as_deref())
    else {
        tree.gaps.push("a COPY from elsewhere".to_string());
        return;
    };
    let flags = cx.dockerfile.get(step.inst).map(|instruction| CopyFlags {
        parents: instruction.flag("parents").is_some(),
        excludes: instruction
            .flags
            .iter()
            .filter(|flag| flag.name.text == "exclude")
            .filter_map(|flag| flag.value.as_ref().map(|value| value.text.to_string()))
            .collect(),
    });
    let dest = if copied.into_dir { format!("{dest}/") } else { dest.to_string() };
    // What does not fit is noted as a gap of the tree.
    let _ = tree.copy(&sources, &dest, "/", &flags.unwrap_or_default());
}

/// The command makes or changes no source file of the program.
fn leaves_sources(cmd: &ShellCommand) -> bool {
    let harmless = [
        "[",
        "addgroup",
        "adduser",
        "apk",
        "apt",
        "apt-get",
        "cd",
        "chmod",
        "chown",
        "echo",
        "export",
        "go",
        "groupadd",
        "ls",
        "mkdir",
        "set",
        "test",
        "true",
        "update-ca-certificates",
        "upx",
        "useradd",
        "",
    ];
    harmless.contains(&cmd.name.text.as_str())
        && cmd.redirects.iter().all(|redirect| redirect.target.text == "/dev/null")
        && !cmd.args.first().is_some_and(|verb| cmd.name.text == "go" && verb.text == "generate")
}

/// The program that a command makes, as the build context shows it; `None` where its package is not known.
pub fn program(cx: &Context<'_>, build: &Build<'_>, output: &GoOutput) -> Option<Program> {
    let tree = tree(cx, build.run.stage)?;
    let dir = output.package_dir.as_deref()?;
    Some(program::analyse(&tree, dir, &Tags::of(&build.go), &[]))
}

/// The sources show that nothing takes the C library in: no C code, no net, no os/user. Cgo then changes nothing.
pub fn is_static_anyway(cx: &Context<'_>, build: &Build<'_>) -> bool {
    let free = |output: &GoOutput| {
        linked(cx, build, output)
            .is_some_and(|program| program.gaps.is_empty() && program.unread.is_empty() && program.libc.is_none())
    };
    cgo_need(cx, build) == CgoNeed::None && build.outputs().iter().all(free)
}

/// What an output is linked against, as far as its sources tell.
fn linked(cx: &Context<'_>, build: &Build<'_>, output: &GoOutput) -> Option<Rc<Program>> {
    let (stage, tags) = (build.run.stage, Tags::of(&build.go));
    let tree = tree(cx, stage)?;
    let dir = output.package_dir.as_deref()?;
    let same = |known: &&Linked| known.stage == stage.id && known.dir == dir && known.tags == tags;
    if let Some(known) = cx.go.linked.borrow().iter().find(same) {
        return Some(known.program.clone());
    }
    let program = Rc::new(program::linked(&tree, dir, &tags));
    let known = Linked { stage: stage.id, dir: dir.to_string(), tags, program: program.clone() };
    cx.go.linked.borrow_mut().push(known);
    Some(program)
}

/// A program of the build reads symbols or debug information, or opens plugins.
pub fn reads_symbols(cx: &Context<'_>, build: &Build<'_>) -> bool {
    let reads = |program: Rc<Program>| {
        program.own_symbols || program.cgo.iter().any(|evidence| evidence.kind == CgoKind::Plugin)
    };
    build.outputs().iter().any(|output| linked(cx, build, output).is_some_and(reads))
}

/// What is known of a build's need of cgo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CgoNeed {
    /// Read whole, and nothing in it needs cgo.
    None,
    Unknown,
    Needed,
}

pub fn cgo_need(cx: &Context<'_>, build: &Build<'_>) -> CgoNeed {
    if build.go.needs_cgo_flag.is_some() || build.go.wants_cgo.is_some() || build.go.pie || builds_with_c(cx, build) {
        return CgoNeed::Needed;
    }
    // Somebody wants names to be looked up by the C library.
    let configured = || crate::rewrite::configures_c_library(&cx.source.text, cx.model);
    if asks_c_resolver(&cx.source.text).is_some() || configured() || build.go.tags.iter().any(|tag| tag == "netcgo") {
        return CgoNeed::Needed;
    }
    let programs: Vec<Option<Rc<Program>>> = build.outputs().iter().map(|output| linked(cx, build, output)).collect();
    if programs.iter().flatten().any(|program| !program.cgo.is_empty() || program.c_resolver.is_some()) {
        return CgoNeed::Needed;
    }
    let whole = |program: &Option<Rc<Program>>| {
        program.as_ref().is_some_and(|program| program.gaps.is_empty() && program.unread.is_empty())
    };
    // Another --build-arg may build another program.
    let open = build.go.open_tags.is_some() || build.go.chosen.is_some();
    if !open && !programs.is_empty() && programs.iter().all(whole) { CgoNeed::None } else { CgoNeed::Unknown }
}

/// The stage installs a C compiler or headers, or speaks to cgo: somebody wanted C there.
fn builds_with_c(cx: &Context<'_>, build: &Build<'_>) -> bool {
    use crate::rewrite::toolchains::detect::is_build_package;
    let speaks = ["CC", "CXX", "CGO_CFLAGS", "CGO_LDFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "PKG_CONFIG_PATH"];
    let named = |name: &str| speaks.contains(&name);
    let wanted = |name: &str| is_build_package(name) && !matches!(name, "make" | "patch" | "go" | "golang");
    build
        .run
        .step
        .env
        .iter()
        .any(|(name, variable)| named(name) && !matches!(variable.origin, crate::model::Origin::Base))
        || build.command.assignments.iter().chain(build.command.env.iter()).any(|assignment| named(&assignment.name))
        || chain(cx, build.run.stage).iter().any(|stage| {
            stage
                .steps
                .iter()
                .flat_map(|step| &step.installs)
                .flat_map(|install| &install.packages)
                .any(|package| wanted(&package.name))
        })
}

/// The command links against the C library of its image, where the program uses net, os/user or C: cgo is on by
/// default and there is a compiler, or the version is one that did not ask for one.
pub fn links_libc(cx: &Context<'_>, build: &Build<'_>) -> bool {
    use crate::rewrite::toolchains::go::StaticForced;
    let cross = build
        .go
        .cross
        .as_ref()
        .is_some_and(|(os, arch)| !matches!(os.as_str(), "" | "linux") || !matches!(arch.as_str(), "" | "amd64"));
    let compiler = build.run.stage.facts().is_some_and(|facts| facts.gcc)
        || go_version(cx, build.run.stage).is_some_and(|version| version < (1, 20))
        || builds_with_c(cx, build);
    let on = match build.go.cgo {
        Cgo::On => true,
        Cgo::Default => compiler && !cross,
        Cgo::Off | Cgo::Unknown => false,
    };
    on && matches!(build.go.static_forced, StaticForced::No)
}

/// A COPY that takes a program out of the stage that builds it.
pub struct Taken<'a> {
    pub stage: &'a Stage,
    pub step: &'a Step,
    pub output: &'a GoOutput,
}

/// Where the programs of a build are copied to.
pub fn taken<'a>(cx: &'a Context<'_>, build: &'a Build<'_>) -> Vec<Taken<'a>> {
    let mut found = Vec::new();
    let places: Vec<(&GoOutput, Vec<String>)> =
        build.outputs().iter().map(|output| (output, places(cx, build, &output.path))).collect();
    for stage in &cx.model.stages {
        for step in &stage.steps {
            let Some(copied) = step.copied.as_ref().filter(|_| !step.onbuild) else { continue };
            if !from_stage(cx, &copied.from, build.run.stage) {
                continue;
            }
            let paths = copied.sources.iter().filter_map(|source| source.path.as_deref());
            let hit = |path: &str| {
                let (output, _) = places.iter().find(|(_, places)| places.iter().any(|place| holds(path, place)))?;
                Some(*output)
            };
            if let Some(output) = paths.into_iter().find_map(hit) {
                found.push(Taken { stage, step, output });
            }
        }
    }
    found
}

/// The path of a program and those that `cp`, `mv` and `install` give it later in its stage.
fn places(cx: &Context<'_>, build: &Build<'_>, path: &str) -> Vec<String> {
    let mut found = vec![path.to_string()];
    for run in runs(cx, build.run.stage).filter(|run| run.index >= build.run.index) {
        let commands = run.script.commands.iter().filter(|cmd| {
            matches!(cmd.name.text.as_str(), "cp" | "mv" | "install") && cmd.span.start > build.command.span.start
        });
        for cmd in commands {
            let words: Vec<_> = cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
            let [sources @ .., dest] = words.as_slice() else { continue };
            let Some(to) = super::absolute(run.step, cmd, dest) else { continue };
            for from in sources.iter().filter_map(|word| super::absolute(run.step, cmd, word)) {
                if found.contains(&from) {
                    let name = from.rsplit('/').next().unwrap_or("");
                    found.push(format!("{}/{name}", to.trim_end_matches('/')));
                    found.push(to.clone());
                }
            }
        }
    }
    found
}

/// The source is the stage, or one that stands on it.
fn from_stage(cx: &Context<'_>, source: &Source, stage: &Stage) -> bool {
    let Source::Stage(id) = source else { return false };
    cx.model.stage(*id).is_some_and(|from| chain(cx, from).iter().any(|below| below.id == stage.id))
}

/// A copied path is the file, a directory above it, or a pattern for it.
fn holds(copied: &str, file: &str) -> bool {
    let copied = if copied.starts_with('/') { copied.to_string() } else { format!("/{copied}") };
    super::inside(file, &copied) || crate::context::glob::matches(&copied, file)
}

/// The program is part of an image that ships: its stage does, or a shipping stage copies it.
pub fn ships(cx: &Context<'_>, build: &Build<'_>) -> bool {
    layers_ship(cx.model, build.run.stage) || taken(cx, build).iter().any(|taken| layers_ship(cx.model, taken.stage))
}

/// How far switching cgo off can be trusted; `None` where it must not be.
pub fn cgo_fix(cx: &Context<'_>, build: &Build<'_>) -> Option<Applicability> {
    let editable = build.run.editable() && !build.command.opaque && build.go.cgo == Cgo::Default;
    match cgo_need(cx, build) {
        CgoNeed::Needed => None,
        _ if !editable => None,
        CgoNeed::None if build.go.unsure.is_none() => Some(Applicability::Safe),
        _ => Some(Applicability::Unsafe),
    }
}

//! What the file means: stages and their graph, variables, and for every step the environment, working directory,
//! user and shell in force.

mod build;
mod config;
mod graph;
mod images;
mod installs;
mod names;
mod paths;
mod pattern;
mod platforms;
mod scope;
mod state;
pub(crate) mod tables;
mod transfers;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use build::build;
pub use config::{ConfigCommand, ImageConfig};
pub use images::{ImageFacts, Libc, PackageManager, facts_for};
pub use installs::{
    Action, Call, Clean, Install, MANAGERS, Manager, ManagerFacts, Package, PackageKind, Removal, Spec, action, call,
    facts, installs, is_clean, is_install, is_update, removal, removes, switches_cache_off,
};
pub use names::{canonical_name, full_name};
pub use platforms::{DEFAULT_PLATFORM, platform, runs_on};
pub use scope::{Env, Origin, Variable, expand, expand_heredoc, expand_words, variables};

use crate::shell::{Dialect, Script, ShellCommand};
use crate::syntax::{Dockerfile, ImageRef, InstId, Instruction, Word};

/// Index into `Model::stages`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(pub usize);

/// Index into `Stage::steps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StepRef {
    pub stage: StageId,
    pub step: usize,
}

/// What the user said on the command line or in the configuration.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    /// `--target`; the last stage when `None`.
    pub target: Option<String>,
    /// `--build-arg NAME=value`; a name without a value stands with an empty one.
    pub build_args: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub stages: Vec<Stage>,
    /// ARG before the first FROM, with defaults expanded.
    pub global_args: Env,
    /// The stage that is built: `--target` or the last. `None` in a file without FROM, or when no stage is called so.
    pub target: Option<StageId>,
    /// Instructions before the first FROM that are not ARG.
    pub stray: Vec<InstId>,
    by_command: BTreeMap<String, Vec<(StepRef, usize)>>,
}

#[derive(Clone, Debug)]
pub struct Stage {
    pub id: StageId,
    /// Of `AS name`, as written; compare without case.
    pub name: Option<Word>,
    /// FROM; in a file without any FROM the first instruction, and the base is unresolved.
    pub from: InstId,
    pub base: Base,
    /// `--platform` as written.
    pub platform: Option<String>,
    /// Every instruction after FROM.
    pub steps: Vec<Step>,
    /// The image config at the end of the stage; `inherited` parts come from the base where it is known.
    pub config: ImageConfig,
    /// Stages that build on this one (FROM it).
    pub children: Vec<StageId>,
    /// Stages that copy or mount from this one.
    pub used_by: Vec<StageId>,
    /// Ships: it is the target, or a stage that nobody builds on or copies from (another target). Of `FROM app AS test`
    /// at the end it is the stage that is tested.
    pub ships: bool,
    /// What the file system holds that the stage starts from, through the chain of stages; `None` when the base is not known.
    pub facts: Option<Arc<ImageFacts>>,
    /// Stages that this one copies or mounts from.
    pub uses: Vec<StageId>,
    /// The target needs it, or it is the target: BuildKit builds it.
    pub built: bool,
    /// A Windows image, as far as its base, platform or escape character tell.
    pub windows: bool,
}

#[derive(Clone, Debug)]
pub enum Base {
    Scratch,
    Stage(StageId),
    /// Expanded; `reference.text` is the name after expansion.
    Image {
        reference: ImageRef,
    },
    /// A variable without a value stands in the name; the text as written.
    Unresolved(String),
}

/// One instruction of a stage and what is in force when it runs.
#[derive(Clone, Debug)]
pub struct Step {
    pub inst: InstId,
    /// Absolute; `None` when it is not known (an unknown base, a variable without a value).
    pub workdir: Option<String>,
    /// As written; `None` when nothing set it and the base is not known.
    pub user: Option<String>,
    pub shell: ShellInForce,
    /// ENV and ARG in force before this instruction.
    pub env: Arc<Env>,
    /// Of RUN, CMD, ENTRYPOINT and HEALTHCHECK CMD.
    pub script: Option<Script>,
    /// Package installs of `script`.
    pub installs: Vec<Install>,
    /// An ONBUILD instruction: nothing of it happens in this stage. `script`, `copied` and `mounts` are those of the
    /// instruction behind the keyword.
    pub onbuild: bool,
    /// What COPY and ADD bring.
    pub copied: Option<Copied>,
    /// The `--mount` flags of RUN.
    pub mounts: Vec<Mount>,
}

/// Where COPY, ADD or a mount takes files from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The build context, a URL or a heredoc.
    Context,
    /// A mount that shows no files: a cache without `from`, tmpfs, secret, ssh.
    Nothing,
    Stage(StageId),
    Image(ImageRef),
    /// A stage that comes later or the stage itself, or a name with variables; the text as written.
    Unresolved(String),
}

/// COPY or ADD, expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    pub from: Source,
    /// One for each source word of the instruction, in its order.
    pub sources: Vec<CopySource>,
    /// Absolute and without a slash at the end; `None` when it is not known.
    pub dest: Option<String>,
    /// The destination is surely a directory: it ends in a slash, or there are several sources.
    pub into_dir: bool,
    /// `--parents`: the directories of the sources are kept.
    pub parents: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySource {
    pub kind: SourceKind,
    /// Of a path: expanded, relative to the root of the context or absolute in the stage or image; `.` for all of it.
    /// `None` when a variable without a value stands in it. A URL or heredoc marker as written.
    pub path: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    Path,
    Heredoc,
    Url,
    Git,
}

/// One `--mount` of RUN, with BuildKit's defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub kind: MountKind,
    pub from: Source,
    /// Path in `from`; `None` when it is not known, `/` when it is not given.
    pub source: Option<String>,
    /// Absolute; `None` when it is not known or (a secret as a variable) not there.
    pub target: Option<String>,
    /// Of caches (default: the target), secrets and ssh.
    pub id: Option<String>,
    pub read_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    Bind,
    Cache,
    Tmpfs,
    Secret,
    Ssh,
    Unknown,
}

impl Step {
    /// The caches that RUN mounts; what lies below their targets is no part of the image.
    pub fn caches(&self) -> impl Iterator<Item = &Mount> {
        self.mounts.iter().filter(|mount| mount.kind == MountKind::Cache)
    }

    /// True when the absolute path is inside a mount of the RUN, so that what is written there is not kept.
    pub fn is_mounted(&self, path: &str) -> bool {
        self.mounts.iter().filter_map(|mount| mount.target.as_deref()).any(|target| {
            path.strip_prefix(target.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// SHELL, or the default of the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellInForce {
    /// `["/bin/sh", "-c"]`.
    pub words: Vec<String>,
    pub dialect: Dialect,
    /// The SHELL instruction that set it.
    pub set_by: Option<InstId>,
}

impl Model {
    pub fn stage(&self, id: StageId) -> Option<&Stage> {
        self.stages.get(id.0)
    }

    pub fn step(&self, at: StepRef) -> Option<&Step> {
        self.stages.get(at.stage.0)?.steps.get(at.step)
    }

    pub fn target_stage(&self) -> Option<&Stage> {
        self.stage(self.target?)
    }

    /// Every command of that name in the RUN instructions of the file, in file order.
    pub fn commands(&self, name: &str) -> impl Iterator<Item = (&Stage, &Step, &ShellCommand)> {
        self.by_command.get(name).into_iter().flatten().filter_map(|(at, index)| {
            let stage = self.stage(at.stage)?;
            let step = stage.steps.get(at.step)?;
            Some((stage, step, step.script.as_ref()?.commands.get(*index)?))
        })
    }

    /// The stage of that name (without case; the last one, as BuildKit has it) or number.
    pub fn find_stage(&self, name: &str) -> Option<&Stage> {
        self.stages
            .iter()
            .rev()
            .find(|stage| stage.name.as_ref().is_some_and(|word| word.text.eq_ignore_ascii_case(name)))
            .or_else(|| name.parse().ok().and_then(|index: usize| self.stages.get(index)))
    }

    /// The stage and those that it starts from, up to the one that starts from an image.
    pub fn chain(&self, id: StageId) -> impl Iterator<Item = &Stage> {
        // FROM names only earlier stages, so this ends.
        std::iter::successors(self.stage(id), |stage| match stage.base {
            Base::Stage(parent) if parent < stage.id => self.stage(parent),
            _ => None,
        })
    }

    /// The stage whose FROM or steps hold the instruction.
    pub fn stage_of(&self, inst: InstId) -> Option<&Stage> {
        self.stages.iter().rev().find(|stage| stage.from <= inst)
    }
}

impl Copied {
    /// Where the source ends up when it is a single file; `None` when it is not known, a pattern, or the root.
    pub fn landing(&self, source: usize) -> Option<String> {
        let dest = self.dest.as_deref()?;
        if !self.into_dir {
            return Some(dest.to_string());
        }
        let source = self.sources.get(source)?;
        let path = source.path.as_deref()?;
        let name = match source.kind {
            SourceKind::Path if path.contains(['*', '?', '[']) => return None,
            SourceKind::Path if self.parents => path.trim_start_matches('/'),
            SourceKind::Path => path.rsplit('/').next()?,
            SourceKind::Heredoc => path.trim_start_matches(['<', '-']).trim_matches(['"', '\'']),
            SourceKind::Url => path.split(['?', '#']).next()?.rsplit('/').next()?,
            SourceKind::Git => return None,
        };
        (!matches!(name, "" | "." | "..")).then(|| format!("{}/{name}", dest.trim_end_matches('/')))
    }
}

impl Stage {
    /// The steps with their instructions.
    pub fn instructions<'a>(&'a self, file: &'a Dockerfile) -> impl Iterator<Item = (&'a Step, &'a Instruction)> {
        self.steps.iter().filter_map(|step| Some((step, file.get(step.inst)?)))
    }

    /// False when the base is known to have no shell; true when it is not known.
    pub fn has_shell(&self) -> bool {
        self.facts().is_none_or(|facts| facts.shell.is_some())
    }

    /// The C library of the base, through the chain of stages.
    pub fn libc(&self) -> Libc {
        self.facts().map_or(Libc::Unknown, |facts| facts.libc)
    }

    /// What the base image brings, through the chain of stages.
    pub fn facts(&self) -> Option<&ImageFacts> {
        self.facts.as_deref()
    }

    /// The reference of the image that the stage starts from, after expansion; `None` for scratch, a stage or an unknown.
    pub fn image(&self) -> Option<&ImageRef> {
        match &self.base {
            Base::Image { reference } => Some(reference),
            _ => None,
        }
    }
}

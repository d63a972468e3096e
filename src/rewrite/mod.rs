//! Single stage -> multi-stage, as a plan: what is built, what it needs at run time, which base carries it, and what
//! was assumed on the way.

pub mod toolchains;

use crate::context::BuildContext;
use crate::diagnostic::Cost;
use crate::model::Model;
use crate::settings::RewriteOptions;
use crate::syntax::{Dockerfile, InstId};
use crate::text::{Edit, SourceFile, Span};

/// How small the final image may be; see docs/rewrite.md for what each has to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The same distribution, the whole working tree.
    SameDistroTree,
    /// The same distribution, the named files.
    SameDistro,
    Distroless,
    Scratch,
}

/// A file or directory that the build makes and the final image gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Absolute path in the build stage.
    pub from: String,
    /// Absolute path in the final stage.
    pub to: String,
    pub why: String,
}

/// Something that had to be assumed, and whether it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    pub text: String,
    /// In the Dockerfile.
    pub span: Option<Span>,
    /// In the build context: path and line, from 1.
    pub file: Option<(String, u32)>,
    pub proved: bool,
}

#[derive(Clone, Debug)]
pub struct RewritePlan {
    pub tier: Tier,
    /// The final base, as it is written into FROM.
    pub base: String,
    pub why_base: String,
    pub build_stage: String,
    pub keep: Vec<InstId>,
    pub artifacts: Vec<Artifact>,
    pub obligations: Vec<Obligation>,
    /// What the final image lacks that the old one had: "shell", "package manager", …
    pub lost: Vec<String>,
    pub before: Option<Cost>,
    pub after: Option<Cost>,
    pub edits: Vec<Edit>,
}

/// Why there is no plan; a finding too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `dev-server`, `onbuild`, … as in docs/rewrite.md.
    pub reason: &'static str,
    pub message: String,
    pub span: Span,
    /// What would unlock it.
    pub help: String,
}

pub fn plan(
    _source: &SourceFile,
    _file: &Dockerfile,
    _model: &Model,
    _context: Option<&BuildContext>,
    _options: &RewriteOptions,
) -> Result<RewritePlan, Refusal> {
    Err(Refusal {
        reason: "no-artifact",
        message: "nothing is built here".into(),
        span: Span::default(),
        help: String::new(),
    })
}

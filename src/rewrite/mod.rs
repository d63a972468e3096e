//! Single stage -> multi-stage, as a plan: what is built, what it needs at run time, which base carries it, and what
//! was assumed on the way.

mod artifacts;
mod base;
mod case;
mod cost;
mod detect;
mod effects;
mod entry;
mod environment;
mod layout;
mod needs;
mod obligations;
mod packages;
mod paths;
mod placed;
mod refuse;
mod releases;
mod render;
mod reruns;
mod strip;
pub mod toolchains;
mod verify;

pub use refuse::REASONS;

use case::Case;

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
    /// Why it is no smaller base; empty when it is the smallest.
    pub ruled_out: Vec<RuledOut>,
    pub before: Option<Cost>,
    pub after: Option<Cost>,
    pub edits: Vec<Edit>,
}

/// Why no smaller base was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledOut {
    pub text: String,
    /// In the Dockerfile.
    pub span: Option<Span>,
    /// In the build context: path and line, from 1.
    pub file: Option<(String, u32)>,
    /// The smallest image that it still allows.
    pub most: Tier,
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

/// The multi-stage file that does what this one does, or why there is none.
///
/// Six steps: detect what builds, find what it leaves, collect what that needs, choose the base, render, verify.
pub fn plan(
    source: &SourceFile,
    file: &Dockerfile,
    model: &Model,
    context: Option<&BuildContext>,
    options: &RewriteOptions,
) -> Result<RewritePlan, Refusal> {
    let stage = detect::single_stage(source, file, model)?;
    let walk = detect::walk(source, file, stage, context);
    let workdir = stage.config.working_dir.clone().unwrap_or_default();
    let case = Case { source, file, model, stage, context, options, workdir, walk };
    detect::require_go(&case)?;
    let mut entry = entry::entry(&case)?;
    let ground = detect::ground(&case)?;
    let (effects, opaque) = effects::effects(&case);
    detect::refuse_effects(&case, &effects)?;

    let found = artifacts::find(&case, &entry, &effects)?;
    let programs = needs::programs(&case, &found);
    let needs = needs::collect(&case, &entry, &found, &programs);
    let links: Vec<needs::Link> = needs::shipped(&found)
        .zip(&programs)
        .map(|(built, program)| needs::link(&case, built, program.as_ref(), &effects))
        .collect();
    let own: Vec<&str> = needs::shipped(&found).map(|built| paths::base_name(&built.path)).collect();
    let choice = base::choose(&case, ground.as_ref(), &links, &needs, &effects, &own)?;
    if choice.tier <= Tier::SameDistro {
        // There is a shell, and a script without a `#!` line runs only through one.
        entry.exec_form = None;
    }
    if let (Some((inst, reason)), true) = (opaque.first(), choice.tier <= Tier::SameDistro && !needs.is_complete()) {
        return Err(refuse::refuse(
            "unclassified-run",
            case.content(*inst),
            format!("what this RUN does cannot be read: {reason}"),
            "give the build context with --context, or write the RUN in plain shell",
        ));
    }

    let pure = links.iter().all(|link| matches!(link, needs::Link::Static { .. }));
    let parts = layout::Parts {
        case: &case,
        entry: &entry,
        found: &found,
        needs: &needs,
        choice: &choice,
        ground: ground.as_ref(),
        effects: &effects,
        pure,
    };
    let alias = stage.name.as_ref().map(|word| word.text.clone());
    let outline = render::Outline {
        add_alias: alias.is_none(),
        build_stage: alias.unwrap_or_else(|| render::free_name(&case)),
        base: choice.base.clone(),
        platform: stage.platform.clone(),
        lines: Vec::new(),
        inside: strip::edits(&case, &found, &links, &effects, &needs, choice.tier),
    };
    let laid = layout::lay(&parts, outline)?;
    let edits = render::edits(&case, &laid.outline);
    verify::verify(&parts, &laid, &edits)?;
    Ok(RewritePlan {
        tier: choice.tier,
        base: choice.base.clone(),
        why_base: choice.why.clone(),
        build_stage: laid.outline.build_stage.clone(),
        keep: verify::kept(&case, &laid.outline),
        artifacts: obligations::artifacts(&parts, &laid),
        obligations: obligations::obligations(&parts, &laid, &links),
        lost: obligations::lost(&parts, &laid),
        ruled_out: choice.ruled_out.clone(),
        before: cost::before(&case),
        after: cost::after(&case, &choice),
        edits,
    })
}

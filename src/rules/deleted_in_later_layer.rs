//! A RUN that deletes what an instruction before it brought, where the two cannot be merged.

use super::support::effects::{self, How, Made, Thing, Touched};
use super::support::{Run, chain, layers_ship, merge, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity, Waste};
use crate::model::{Copied, Source, SourceKind, Stage, Step};
use crate::syntax::InstId;
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "deleted-in-later-layer",
    aliases: &[],
    summary: "a RUN deletes what an earlier layer brought, which ships all the same",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/deleted-in-later-layer.md"),
    check,
};

/// Something that a layer brought.
struct Brought {
    what: Thing,
    span: Span,
    inst: InstId,
    by_copy: bool,
}

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| layers_ship(cx.model, stage)) {
        let all: Vec<Run<'_>> = runs(cx, stage).collect();
        let brought = brought(cx, stage);
        for (run, group) in all.iter().zip(merge::groups(cx, &all)) {
            // RUNs that stand together are the business of `unmerged-run`.
            let first = all.get(group).map_or(run.step.inst, |first| first.step.inst);
            let earlier = || {
                brought
                    .iter()
                    .filter(|brought| brought.inst < first || (brought.by_copy && brought.inst < run.step.inst))
            };
            for touched in effects::touched_before(run).iter().filter(|touched| touched.how == How::Deleted) {
                if let Some(found) = earlier().find(|brought| effects::hits(touched, &brought.what)) {
                    out.push(report(touched, found));
                    break;
                }
            }
        }
    }
}

fn report(touched: &Touched, brought: &Brought) -> Diagnostic {
    let what = match &brought.what {
        Thing::Path(path) => format!("`{path}`"),
        Thing::Packages { .. } => "a package".to_string(),
    };
    let help = match brought.by_copy {
        true => "mount it for this RUN only: RUN --mount=type=bind,source=…,target=…",
        false => "delete it in the RUN that makes it",
    };
    Diagnostic::at(touched.span, format!("{what} is deleted here, but an earlier layer still holds it"))
        .label(brought.span, "brought here")
        .help(help)
        .waste(match &brought.what {
            Thing::Packages { manager, names } => {
                let gone = match &touched.what {
                    Thing::Packages { names: gone, .. } => {
                        names.iter().filter(|name| gone.contains(name)).cloned().collect()
                    }
                    Thing::Path(_) => Vec::new(),
                };
                Waste::Packages { manager, names: gone }
            }
            Thing::Path(_) => Waste::Layer(brought.inst),
        })
}

/// What the layers of the stage and those below it bring.
fn brought(cx: &Context<'_>, stage: &Stage) -> Vec<Brought> {
    let mut found = Vec::new();
    for stage in chain(cx, stage) {
        for run in runs(cx, stage) {
            // A rule of its own reports the cache of a package manager where it is left.
            let made = effects::made(&run).into_iter().filter(|made| !made.what.is_managers_cache());
            found.extend(made.map(|Made { what, span }| Brought { what, span, inst: run.step.inst, by_copy: false }));
        }
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            let Some(copied) = &step.copied else { continue };
            let Some(instruction) = cx.dockerfile.get(step.inst) else { continue };
            found.extend(weighty(cx, step, copied).into_iter().map(|path| Brought {
                what: Thing::Path(path),
                span: instruction.content,
                inst: step.inst,
                by_copy: true,
            }));
        }
    }
    found
}

/// Below this, in bytes, a copied file is not worth a word.
const LIGHT: u64 = 100_000;

/// The paths that a COPY or ADD surely brings and that weigh something.
fn weighty(cx: &Context<'_>, step: &Step, copied: &Copied) -> Vec<String> {
    let Some(dest) = copied.dest.as_deref() else { return Vec::new() };
    let is_add = cx.dockerfile.get(step.inst).is_some_and(|inst| inst.keyword == crate::syntax::Keyword::Add);
    let mut found = Vec::new();
    for source in &copied.sources {
        let Some(path) = source.path.as_deref() else { continue };
        // A pattern that is copied to a file names one file; what it is called in a directory is not known.
        let pattern = source.kind == SourceKind::Path && path.contains(['*', '?', '[']);
        if pattern && (copied.into_dir || copied.sources.len() > 1) {
            continue;
        }
        let name = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let target = if copied.into_dir { format!("{}/{name}", dest.trim_end_matches('/')) } else { dest.to_string() };
        let archive =
            name.contains(".tar") || name.ends_with(".tgz") || name.ends_with(".txz") || name.ends_with(".tbz2");
        let heavy = match source.kind {
            SourceKind::Heredoc | SourceKind::Git => false,
            SourceKind::Url => effects::HEAVY.iter().any(|ending| name.ends_with(ending)),
            // ADD unpacks it: the archive itself is not in the image.
            SourceKind::Path if is_add && archive => false,
            SourceKind::Path => match (cx.build_context, &copied.from) {
                (Some(context), Source::Context) if !pattern => {
                    context.files.get(path).is_some_and(|file| file.size > LIGHT)
                }
                _ => effects::HEAVY.iter().any(|ending| name.ends_with(ending)),
            },
        };
        if heavy {
            found.push(target);
        }
    }
    found
}

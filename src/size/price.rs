//! What findings cost: each is a part of the size model where there is one, so that bytes which two findings share count
//! once.

use super::{ImageSize, Kind, Part, debs, difference, layers, leftover, reference};
use crate::diagnostic::{Applicability, Basis, Cost, Diagnostic, FixKind, Size, Waste};
use crate::model::{Model, StageId, Step};
use crate::shell::ShellCommand;
use crate::syntax::{Dockerfile, InstId};

/// A part of the model: the instruction and the position among the parts of its layer.
type PartId = (InstId, usize);

/// What the findings of a file would save together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Savings {
    /// By all findings, fixed by whomever.
    pub findings: Size,
    /// By Safe fixes that leave the structure of the file alone.
    pub safe: Size,
    /// By all fixes that leave the structure alone.
    pub fixes: Size,
    /// By the rewrite into stages; `None` where there is none.
    pub rewrite: Option<Size>,
}

/// What the waste of a finding weighs in the image that ships; `None` when nothing is known, or when it does not ship.
pub fn price(file: &Dockerfile, model: &Model, size: &ImageSize, diagnostic: &Diagnostic) -> Option<Cost> {
    let waste = diagnostic.waste.as_ref()?;
    match waste {
        Waste::Base { from, to } => return Some(difference(reference(from)?, reference(to)?)),
        Waste::Rewrite(cost) => return Some(*cost),
        _ => {}
    }
    let parts = parts(file, size, diagnostic);
    if !parts.is_empty() {
        let costs = parts.iter().filter_map(|id| part(size, *id)?.cost);
        let cost = costs.reduce(|sum, one| Cost { size: sum.size.plus(one.size), basis: sum.basis.min(one.basis) })?;
        return Some(match waste {
            // The symbols and debug information of a Go program: a third of it.
            Waste::DebugInfo(_) => share(cost, 0.32),
            _ => cost,
        })
        .filter(|cost| cost.size.likely > 0);
    }
    match waste {
        // An earlier layer has the same lists, and they are the waste there.
        Waste::Leftover(key) if anywhere(size, key) => None,
        Waste::Leftover(key) => leftover(key),
        Waste::Packages { manager: "apt", names } => {
            let at = file.at(diagnostic.span.start);
            let stage = at.and_then(|inst| model.stage_of(inst));
            let slim = stage.and_then(layers::debian).is_some_and(|debian| debian.slim);
            let step = stage.and_then(|stage| stage.steps.iter().find(|step| Some(step.inst) == at));
            packages(names, slim, step.is_some_and(keeps_dependencies))
        }
        _ => None,
    }
}

fn share(cost: Cost, part: f64) -> Cost {
    let scaled = |bytes: u64| (bytes as f64 * part) as u64;
    let Size { low, likely, high } = cost.size;
    Cost { size: Size { low: scaled(low), likely: scaled(likely), high: scaled(high) }, basis: Basis::Estimated }
}

/// The step removes packages and leaves what they brought: `apt-get purge` without `--auto-remove` or `apt-get autoremove`.
fn keeps_dependencies(step: &Step) -> bool {
    let apt = |cmd: &&ShellCommand| matches!(cmd.name.text.as_str(), "apt-get" | "apt" | "aptitude");
    let says = |cmd: &ShellCommand, words: &[&str]| cmd.args.iter().any(|arg| words.contains(&arg.text.as_str()));
    let commands = || step.script.iter().flat_map(|script| &script.commands).filter(apt);
    commands().any(|cmd| says(cmd, &["purge", "remove"]))
        && !commands()
            .any(|cmd| says(cmd, &["autoremove", "auto-remove", "autopurge", "--autoremove", "--auto-remove"]))
}

/// Packages with what they need, or `alone`. `None` when one is not in the table, for then nothing can be said of the whole.
fn packages(names: &[String], slim: bool, alone: bool) -> Option<Cost> {
    if names.is_empty() || !names.iter().all(|name| debs::known(name)) {
        return None;
    }
    let words = names.iter().map(String::as_str);
    let set = if alone { debs::only(words) } else { debs::closure(words, false, &debs::Set::default()) };
    let bytes = debs::weigh(&set, slim).disk;
    (bytes > 0).then(|| super::run::about(bytes, 0.6, 1.2, Basis::Estimated))
}

fn anywhere(size: &ImageSize, key: &str) -> bool {
    size.stages.iter().flat_map(|stage| &stage.layers).flat_map(|layer| &layer.parts).any(|part| part.key == Some(key))
}

fn part(size: &ImageSize, (inst, index): PartId) -> Option<&Part> {
    size.layer(inst)?.parts.get(index)
}

/// The parts of the model that a finding is about.
fn parts(file: &Dockerfile, size: &ImageSize, diagnostic: &Diagnostic) -> Vec<PartId> {
    let Some(waste) = &diagnostic.waste else { return Vec::new() };
    let spans = std::iter::once(diagnostic.span).chain(diagnostic.labels.iter().map(|label| label.span));
    let places: Vec<InstId> = spans.filter_map(|span| file.at(span.start)).collect();
    let find = |inst: InstId, wanted: &dyn Fn(&Part) -> bool| -> Vec<PartId> {
        let parts = size.layer(inst).map(|layer| layer.parts.as_slice()).unwrap_or_default();
        parts.iter().enumerate().filter(|(_, part)| wanted(part)).map(|(index, _)| (inst, index)).collect()
    };
    let first = |wanted: &dyn Fn(&Part) -> bool| {
        places.iter().map(|inst| find(*inst, wanted)).find(|found| !found.is_empty()).unwrap_or_default()
    };
    match waste {
        Waste::Leftover(key) => first(&|part| part.key == Some(key)),
        Waste::Recommends { .. } => first(&|part| part.kind == Kind::Recommends),
        Waste::DebugInfo(inst) => find(*inst, &|part| part.kind == Kind::Program),
        Waste::Layer(inst) => {
            let again = first(&|part| part.kind == Kind::Again);
            let whole = find(*inst, &|_| true);
            // What is deleted later is one thing of its layer: the layer tells its size only where it holds nothing else.
            match (again.is_empty(), whole.as_slice()) {
                (false, _) => again,
                (true, [one]) => vec![*one],
                (true, _) => Vec::new(),
            }
        }
        Waste::Packages { .. } | Waste::Base { .. } | Waste::Rewrite(_) => Vec::new(),
    }
}

/// What the findings would save; bytes that several share count once, and never more than there are.
pub fn savings(file: &Dockerfile, model: &Model, size: &ImageSize, diagnostics: &[Diagnostic]) -> Savings {
    // The layers of another stage that ships are not in the image which is weighed.
    let target: Vec<StageId> = size.target.into_iter().flat_map(|id| model.chain(id)).map(|stage| stage.id).collect();
    let in_target = |diagnostic: &&Diagnostic| {
        let stage = file.at(diagnostic.span.start).and_then(|inst| model.stage_of(inst));
        target.is_empty() || stage.is_none_or(|stage| target.contains(&stage.id))
    };
    let fix = |diagnostic: &&Diagnostic| diagnostic.fix.as_ref().map(|fix| (fix.kind, fix.applicability));
    let edit = |diagnostic: &&Diagnostic, least: Applicability| {
        fix(diagnostic).is_some_and(|(kind, applicability)| kind == FixKind::Edit && applicability >= least)
    };
    let bound = |sum: Size| match size.shipped().map(|stage| stage.total) {
        Some(total) if total.unknown == 0 && sum.likely > total.size.likely => {
            Size { likely: total.size.likely, ..sum }
        }
        _ => sum,
    };
    let rewrites = diagnostics.iter().filter(|found| {
        fix(found)
            .is_some_and(|(kind, applicability)| kind == FixKind::Rewrite && applicability > Applicability::DisplayOnly)
    });
    let rewrite = rewrites.filter_map(|found| found.cost).map(|cost| cost.size).max_by_key(|size| size.likely);
    Savings {
        findings: bound(sum(file, size, diagnostics.iter())),
        safe: bound(sum(
            file,
            size,
            diagnostics.iter().filter(in_target).filter(|found| edit(found, Applicability::Safe)),
        )),
        fixes: bound(sum(
            file,
            size,
            diagnostics.iter().filter(in_target).filter(|found| edit(found, Applicability::Unsafe)),
        )),
        rewrite,
    }
}

/// A rewrite or another base does away with what smaller findings cost too, so the larger of both counts.
fn sum<'d>(file: &Dockerfile, size: &ImageSize, diagnostics: impl Iterator<Item = &'d Diagnostic>) -> Size {
    let mut seen_parts: Vec<PartId> = Vec::new();
    let mut seen: Vec<&Waste> = Vec::new();
    let mut small = Size::default();
    let mut whole = Size::default();
    for diagnostic in diagnostics {
        let (Some(cost), Some(waste)) = (diagnostic.cost, diagnostic.waste.as_ref()) else { continue };
        if matches!(waste, Waste::Rewrite(_) | Waste::Base { .. }) {
            if cost.size.likely > whole.likely {
                whole = cost.size;
            }
            continue;
        }
        let parts = parts(file, size, diagnostic);
        let (old, new): (Vec<PartId>, Vec<PartId>) = parts.into_iter().partition(|part| seen_parts.contains(part));
        if new.is_empty() && (!old.is_empty() || seen.contains(&waste)) {
            continue;
        }
        seen.push(waste);
        small = small.plus(match old.is_empty() {
            true => cost.size,
            // Only what no other finding has counted.
            false => {
                let costs = new.iter().filter_map(|id| part(size, *id)?.cost);
                costs.fold(Size::default(), |sum, one| sum.plus(one.size))
            }
        });
        seen_parts.extend(new);
    }
    if whole.likely > small.likely { whole } else { small }
}

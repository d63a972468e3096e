//! What the image weighs before and after, by the size model.

use super::base::Choice;
use super::case::Case;
use crate::context::BuildContext;
use crate::diagnostic::{Basis, Cost, Size};
use crate::model::{Model, Stage};
use crate::settings::SizeOptions;
use crate::size::{self, Weight};
use crate::syntax::Dockerfile;
use crate::text::SourceFile;

/// Sources and data that are copied along and cannot be told from the Dockerfile.
const TREE: Size = Size { low: 0, likely: 1_000_000, high: 100_000_000 };

/// `None` when the base is not known. What else is not known is left out: the image weighs at least this.
pub(super) fn before(case: &Case<'_>) -> Option<Cost> {
    let options = SizeOptions { locked: case.options.locked.clone(), ..SizeOptions::default() };
    of_base(case, &case.stage.image()?.text)?;
    let size = size::image(case.source, case.file, case.model, case.context, &options);
    let Weight { size, .. } = size.stage(case.stage.id)?.total;
    Some(Cost { size, basis: Basis::Estimated })
}

fn of_base(case: &Case<'_>, name: &str) -> Option<Cost> {
    let options = SizeOptions { locked: case.options.locked.clone(), ..SizeOptions::default() };
    size::referenced(name, &size::built_for(case.stage), &options).map(|size| size.cost)
}

/// What the instructions of a stage bring, its base left out.
pub(super) fn layers(
    source: &SourceFile,
    file: &Dockerfile,
    model: &Model,
    stage: &Stage,
    context: Option<&BuildContext>,
) -> Weight {
    let size = size::image(source, file, model, context, &SizeOptions::default());
    let layers = size.stage(stage.id).map(|stage| stage.layers.as_slice()).unwrap_or_default();
    layers.iter().fold(Weight::default(), |sum, layer| sum.plus(layer.weight()))
}

/// `layers`: those of the final stage.
pub(super) fn after(case: &Case<'_>, choice: &Choice, layers: &Weight) -> Option<Cost> {
    let prefix = case.options.stated.prefixed("");
    let name = choice.base.strip_prefix(&prefix).unwrap_or(&choice.base);
    let known = ["alpine:", "debian:", "ubuntu:"].into_iter().find_map(|known| name.get(name.find(known)?..));
    let name = known.filter(|_| name.contains('$')).unwrap_or(name);
    // A base that is written with variables is the builder's own.
    let base = match of_base(case, name) {
        Some(base) => base,
        None if name.contains('$') => of_base(case, &case.stage.image()?.text)?,
        None => return None,
    };
    let size = base.size.plus(layers.size);
    let size = if layers.unknown > 0 { size.plus(TREE) } else { size };
    Some(Cost { size, basis: Basis::Estimated })
}

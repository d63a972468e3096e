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
    size::reference(&case.stage.image()?.text)?;
    let options = SizeOptions::default();
    let size = size::image(case.source, case.file, case.model, case.context, &options);
    let Weight { size, .. } = size.stage(case.stage.id)?.total;
    Some(Cost { size, basis: Basis::Estimated })
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
    let prefix = case.options.stated.base_prefix.as_deref().unwrap_or("");
    let name = choice.base.strip_prefix(prefix).unwrap_or(&choice.base);
    // A base that is written with variables is the builder's own.
    let base = match size::reference(name) {
        Some(base) => base,
        None if name.contains('$') => size::reference(&case.stage.image()?.text)?,
        None => return None,
    };
    let size = base.size.plus(layers.size);
    let size = if layers.unknown > 0 { size.plus(TREE) } else { size };
    Some(Cost { size, basis: Basis::Estimated })
}

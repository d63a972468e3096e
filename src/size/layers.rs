//! Stage by stage, instruction by instruction: who brings which bytes.

use super::files::Placed;
use super::{ImageSize, Kind, Layer, Part, StageSize, Weight};
use super::{apks, debs};
use crate::context::BuildContext;
use crate::diagnostic::{Basis, Cost};
use crate::model::{self, Base, Model, Stage, Step};
use crate::settings::SizeOptions;
use crate::syntax::{Dockerfile, Instruction};
use crate::text::SourceFile;

/// What the walk reads.
pub(super) struct Around<'a> {
    pub file: &'a Dockerfile,
    pub model: &'a Model,
    pub context: Option<&'a BuildContext>,
    pub options: &'a SizeOptions,
    /// The file itself switches recommended packages off for all of apt.
    pub lean: bool,
}

/// A stage with apt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Debian {
    /// Documentation, manuals and locales are kept out.
    pub slim: bool,
    /// Debian bookworm, of which the table is.
    pub exact: bool,
}

/// What the file system holds so far, as far as it matters for what comes.
#[derive(Clone, Default)]
pub(super) struct Ground {
    pub debian: Option<Debian>,
    /// Debian packages that are there.
    pub there: debs::Set,
    /// Alpine packages that are there.
    pub apks: apks::Set,
    /// Files that instructions brought.
    pub placed: Vec<Placed>,
    /// Rows of leftovers.tsv that an earlier layer left.
    pub left: Vec<&'static str>,
    /// 21 for Go 1.21, where the tag of the base says it.
    pub go_release: Option<u32>,
    pub total: Weight,
}

/// What the stages of a file weigh.
pub fn image(
    source: &SourceFile,
    file: &Dockerfile,
    model: &Model,
    context: Option<&BuildContext>,
    options: &SizeOptions,
) -> ImageSize {
    let lean = memchr::memmem::find(source.text.as_bytes(), b"nstall-Recommends \"").is_some()
        || memchr::memmem::find(source.text.as_bytes(), b"nstall-recommends \"").is_some();
    let around = Around { file, model, context, options, lean };
    let mut grounds: Vec<Ground> = Vec::new();
    let mut size = ImageSize { stages: Vec::new(), target: model.target };
    for stage in &model.stages {
        let (ground, weighed) = stage_size(&around, stage, &grounds);
        grounds.push(ground);
        size.stages.push(weighed);
    }
    size
}

fn stage_size(around: &Around<'_>, stage: &Stage, before: &[Ground]) -> (Ground, StageSize) {
    let (mut ground, base) = start(around, stage, before);
    let mut layers = Vec::new();
    for (step, inst) in stage.instructions(around.file).filter(|(step, _)| !step.onbuild) {
        let parts = parts(around, step, inst, &mut ground, before);
        if parts.is_empty() {
            continue;
        }
        ground.total = ground.total.plus(Weight::of(&parts));
        layers.push(Layer { inst: step.inst, parts });
    }
    let total = ground.total;
    (ground, StageSize { id: stage.id, base, layers, total })
}

/// What FROM brings.
fn start(around: &Around<'_>, stage: &Stage, before: &[Ground]) -> (Ground, Part) {
    let mut ground = Ground::default();
    let base = match &stage.base {
        Base::Scratch => Part::new(Kind::Base, "scratch", Cost { size: Default::default(), basis: Basis::Measured }),
        Base::Stage(id) => {
            ground = before.get(id.0).cloned().unwrap_or_default();
            let name = around.model.stage(*id).and_then(|stage| stage.name.as_ref());
            let name = name.map_or_else(|| format!("stage {}", id.0), |name| format!("stage {}", name.text));
            let Weight { size, basis, compressed, unknown } = ground.total;
            let part = Part::new(Kind::Base, name, Cost { size, basis }).compressed(compressed);
            // The unknown parts of the other stage are counted in the total, which is taken over whole.
            return (ground, Part { cost: (unknown == 0 || size.high > 0).then_some(Cost { size, basis }), ..part });
        }
        Base::Unresolved(text) => Part { kind: Kind::Base, ..Part::unknown(text.as_str()) },
        Base::Image { reference } => match super::referenced(&reference.text, &super::built_for(stage), around.options)
        {
            Some(found) => {
                let what = match (&found.like, &found.asked) {
                    (_, Some(date)) => {
                        let compressed = found.compressed as f64 / 1e6;
                        format!(
                            "{}, {compressed:.1} MB compressed (measured, registry, {date}), on disk",
                            reference.text
                        )
                    }
                    (Some(tag), None) => format!("{}, as {tag}", reference.text),
                    (None, None) => reference.text.to_string(),
                };
                Part::new(Kind::Base, what, found.cost).compressed(found.compressed)
            }
            None => Part { kind: Kind::Base, ..Part::unknown(reference.text.as_str()) },
        },
    };
    ground.total.add(&base);
    ground.debian = debian(stage);
    ground.go_release = go_release(stage);
    if let Some(image) = stage.image() {
        ground.apks = apks::base(image);
    }
    if let (Some(_), Some(image)) = (ground.debian, stage.image()) {
        // Only a file that installs something needs to know.
        if stage_installs(around.model, stage) {
            let tag = image.tag.as_ref().map_or("", |tag| tag.text.as_str());
            ground.there = debs::base(&model::canonical_name(&image.name()), tag);
        }
    }
    (ground, base)
}

/// The stage, or one that starts from it, calls apt.
fn stage_installs(model: &Model, stage: &Stage) -> bool {
    let apt = |stage: &Stage| {
        let mut installs = stage.steps.iter().flat_map(|step| &step.installs);
        installs.any(|install| install.manager == model::Manager::Apt)
    };
    apt(stage) || stage.children.iter().filter_map(|id| model.stage(*id)).any(|child| stage_installs(model, child))
}

fn go_release(stage: &Stage) -> Option<u32> {
    let image = stage.image()?;
    if model::canonical_name(&image.name()) != "golang" {
        return None;
    }
    let rest = image.tag.as_ref()?.text.strip_prefix("1.")?;
    rest.split(['.', '-']).next()?.parse().ok()
}

pub(super) fn debian(stage: &Stage) -> Option<Debian> {
    let tag = stage.image()?.tag.as_ref().map_or("", |tag| tag.text.as_str());
    match stage.facts() {
        Some(facts) if facts.family == "ubuntu" => Some(Debian { slim: true, exact: false }),
        Some(facts) if facts.family == "debian" => {
            Some(Debian { slim: tag.contains("slim"), exact: facts.release.as_deref() == Some("bookworm") })
        }
        // Whoever calls apt in an image nobody knows has some Debian below it.
        None => Some(Debian { slim: tag.contains("slim"), exact: false }),
        Some(_) => None,
    }
}

fn parts(around: &Around<'_>, step: &Step, inst: &Instruction, ground: &mut Ground, before: &[Ground]) -> Vec<Part> {
    if let Some(copied) = &step.copied {
        return super::copy::parts(around, step, inst, copied, ground, before);
    }
    match inst.command() {
        Some(_) if inst.keyword == crate::syntax::Keyword::Run => super::run::parts(around, step, ground),
        _ => Vec::new(),
    }
}

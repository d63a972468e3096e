//! `unladen size`, printed: a table with bars for the terminal, JSON, and a page for the browser.

mod fleet;
mod html;
mod human;
mod json;

use std::io::{self, Write};

pub use fleet::Fleets;

use super::{Style, megabytes};
use crate::diagnostic::Basis;
use crate::lint::Checked;
use crate::model::{Base, Stage};
use crate::size::{ImageSize, Kind, Layer, Part, StageSize, Weight};
use crate::syntax::InstId;

/// A file as it is and as it would be.
pub struct SizeReport {
    pub now: Checked,
    pub after: Vec<Variant>,
    /// Why there is no rewrite.
    pub not_rewritten: Option<String>,
    pub fleet: Option<crate::size::Fleet>,
    /// The most that the image may weigh.
    pub max_size: Option<u64>,
    /// The layers of a built image, by instruction.
    pub built: Option<Built>,
}

/// The file after changes.
pub struct Variant {
    pub way: Way,
    /// Fixes that were applied.
    pub fixes: usize,
    pub checked: Checked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    SafeFixes,
    AllFixes,
    Rewrite,
}

impl Way {
    fn words(self) -> &'static str {
        match self {
            Way::SafeFixes => "with the safe fixes",
            Way::AllFixes => "with all fixes",
            Way::Rewrite => "rewritten into stages",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Way::SafeFixes => "safe_fixes",
            Way::AllFixes => "all_fixes",
            Way::Rewrite => "rewrite",
        }
    }

    fn command(self) -> &'static str {
        match self {
            Way::SafeFixes => "unladen check --fix=edits",
            Way::AllFixes => "unladen check --fix=edits --unsafe-fixes",
            Way::Rewrite => "unladen rewrite --write",
        }
    }
}

/// What a built image holds, beside the estimate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Built {
    pub name: String,
    pub layers: Vec<BuiltLayer>,
    /// Files stored more than once.
    pub twice: Finds,
    /// Files that a later layer deletes or hides.
    pub deleted: Finds,
    /// Caches that nothing needs.
    pub caches: Finds,
    /// The biggest files that the image shows.
    pub biggest: Finds,
}

/// The largest of what was found, and the bytes of all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finds {
    pub list: Vec<Found>,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Without the slash at the front.
    pub path: String,
    pub bytes: u64,
    /// `2 times`, `layer 3`, `cache of pip`; may be empty.
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct BuiltLayer {
    /// From the image's history.
    pub created_by: String,
    pub bytes: u64,
    pub compressed: u64,
    /// The instruction of the Dockerfile that made it.
    pub inst: Option<InstId>,
}

impl BuiltLayer {
    /// What the history says; it is silent about images that were imported.
    fn made_by(&self) -> &str {
        if self.created_by.is_empty() { "not in the history" } else { &self.created_by }
    }
}

impl Built {
    pub fn bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.bytes).sum()
    }

    /// The lists of what was found, with the sum of those where it means something.
    fn lists(&self) -> [(&'static str, &Finds, Option<u64>); 4] {
        [
            ("stored more than once", &self.twice, Some(self.twice.bytes)),
            ("deleted in a later layer", &self.deleted, Some(self.deleted.bytes)),
            ("caches", &self.caches, Some(self.caches.bytes)),
            ("biggest files", &self.biggest, None),
        ]
    }

    /// The bytes of the layers that an instruction made; `None` where it made none that we know of.
    fn made_by(&self, inst: InstId) -> Option<u64> {
        self.layers
            .iter()
            .filter(|layer| layer.inst == Some(inst))
            .map(|layer| layer.bytes)
            .reduce(|sum, one| sum + one)
    }
}

pub fn write_pretty(report: &SizeReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    human::write(report, style, out)
}

pub fn write_json(report: &SizeReport, out: &mut dyn Write) -> io::Result<()> {
    json::write(report, out)
}

/// One page that needs nothing beside itself.
pub fn html(report: &SizeReport) -> String {
    html::page(report)
}

pub fn write_tables(json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json { json::tables(out) } else { human::tables(out) }
}

/// What is not known is missing here too.
fn compressed_text(whole: &Weight) -> String {
    let least = if whole.unknown > 0 { "at least " } else { "" };
    format!("{least}about {} compressed", megabytes(whole.compressed))
}

/// `868 MB`, `at least 620 MB`, `unknown`.
pub fn weight_text(weight: &Weight) -> String {
    match (weight.unknown, weight.size.low) {
        (0, _) => megabytes(weight.size.likely),
        (_, 0) if weight.size.likely == 0 => "unknown".to_string(),
        (_, low) => format!("at least {}", megabytes(low)),
    }
}

/// `table`, `40 MB to 130 MB`, `likely 90 MB and the unknown`.
fn basis_text(weight: &Weight) -> String {
    let size = weight.size;
    if weight.unknown > 0 {
        return if size.high == 0 {
            String::new()
        } else {
            format!("likely {} and the unknown", megabytes(size.likely))
        };
    }
    match weight.basis {
        Basis::Measured => "measured".to_string(),
        Basis::Table => "table".to_string(),
        Basis::Estimated => format!("{} to {}", megabytes(size.low), megabytes(size.high)),
    }
}

/// The stages that make the image: the one that ships and those it stands on. The others first.
fn ships(checked: &Checked, stage: &StageSize) -> bool {
    let Some(target) = checked.model.target else { return false };
    checked.model.chain(target).any(|shipped| shipped.id == stage.id)
}

fn stage_name(checked: &Checked, stage: &StageSize) -> String {
    let found = checked.model.stage(stage.id);
    match found.and_then(|stage| stage.name.as_ref()) {
        Some(name) => format!("stage {}", name.text),
        None if checked.model.stages.len() == 1 => "image".to_string(),
        None => format!("stage {}", stage.id.0),
    }
}

/// The first line of an instruction, as it stands in the file.
fn instruction(checked: &Checked, inst: InstId) -> (u32, String) {
    let Some(found) = checked.dockerfile.get(inst) else { return (0, String::new()) };
    let line = checked.source.line_col(found.content.start).line;
    let text = checked.source.slice(found.content);
    let mut words = String::new();
    for part in text.split(['\n', '\r']) {
        let part = part.trim().trim_end_matches(['\\', '`']).trim();
        if part.is_empty() || part.starts_with('#') {
            continue;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(part);
        if words.chars().count() > 160 {
            break;
        }
    }
    (line, words)
}

/// A row of the table: FROM or an instruction.
struct Row<'a> {
    line: u32,
    text: String,
    weight: Weight,
    parts: Vec<&'a Part>,
    inst: InstId,
    kind: Kind,
}

impl Row<'_> {
    /// `-` where the estimate says nothing of the instruction.
    fn size_text(&self) -> String {
        if self.parts.is_empty() { "-".to_string() } else { weight_text(&self.weight) }
    }
}

/// With a built image also the instructions of which the estimate says nothing and that left bytes.
fn rows<'a>(checked: &'a Checked, stage: &'a StageSize, built: Option<&Built>) -> Vec<Row<'a>> {
    let model = checked.model.stage(stage.id);
    let from = model.map_or(InstId(0), |stage| stage.from);
    let (line, text) = instruction(checked, from);
    let inherited = |found: &Stage| match found.base {
        Base::Stage(id) => checked.size.stage(id).map(|stage| stage.total),
        _ => None,
    };
    let weight = model.and_then(inherited).unwrap_or_else(|| Weight::of([&stage.base]));
    let mut rows = vec![Row { line, text, weight, parts: vec![&stage.base], inst: from, kind: Kind::Base }];
    rows.extend(stage.layers.iter().map(|layer: &Layer| {
        let (line, text) = instruction(checked, layer.inst);
        let heaviest = layer.parts.iter().max_by_key(|part| part.cost.map_or(0, |cost| cost.size.likely));
        let kind = heaviest.map_or(Kind::Unknown, |part| part.kind);
        Row { line, text, weight: layer.weight(), parts: layer.parts.iter().collect(), inst: layer.inst, kind }
    }));
    let silent = model.into_iter().flat_map(|stage| &stage.steps).filter(|step| {
        stage.layers.iter().all(|layer| layer.inst != step.inst)
            && built.and_then(|built| built.made_by(step.inst)).is_some_and(|bytes| bytes > 0)
    });
    rows.extend(silent.map(|step| {
        let (line, text) = instruction(checked, step.inst);
        Row { line, text, weight: Weight::default(), parts: Vec::new(), inst: step.inst, kind: Kind::Unknown }
    }));
    rows.sort_by_key(|row| row.inst);
    rows
}

fn total(size: &ImageSize) -> Weight {
    size.shipped().map(|stage| stage.total).unwrap_or_default()
}

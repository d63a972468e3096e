//! What an image weighs and where each byte comes from: by stage and instruction, from the tables under rules/tables,
//! the build context and what the file says.
//!
//! What is not known has no number. MB are 10^6 bytes everywhere.

mod apks;
mod base;
mod copy;
mod debs;
mod files;
mod fleet;
mod go;
mod go_sources;
mod language;
mod layers;
mod price;
mod run;
mod system;
#[cfg(test)]
mod tests;

pub use base::{BaseSize, image as base};
pub use fleet::{Fleet, Month};
pub use layers::image;
pub use price::{Savings, price, savings};

use crate::diagnostic::{Basis, Cost, Size};
use crate::model::{self, DEFAULT_PLATFORM, Stage, StageId, tables};
use crate::settings::SizeOptions;
use crate::syntax::InstId;

static LEFTOVERS: &str = include_str!("../../rules/tables/leftovers.tsv");

/// What a file's stages weigh.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageSize {
    pub stages: Vec<StageSize>,
    pub target: Option<StageId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StageSize {
    pub id: StageId,
    /// What FROM brings: an image, or all of another stage.
    pub base: Part,
    /// The instructions that bring bytes or may do so, in order.
    pub layers: Vec<Layer>,
    /// Everything, FROM included.
    pub total: Weight,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub inst: InstId,
    pub parts: Vec<Part>,
}

/// Bytes with one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub kind: Kind,
    /// For people: `curl, git and 22 more packages`.
    pub what: String,
    /// `None`: nobody can tell without building.
    pub cost: Option<Cost>,
    /// Of the layer in a registry, the likely bytes.
    pub compressed: u64,
    /// Its row in leftovers.tsv.
    pub key: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Base,
    Packages,
    /// Installed because other packages recommend it.
    Recommends,
    /// Lists and caches that nothing in the image needs.
    Leftover,
    /// What a compiler makes.
    Program,
    /// From the build context.
    Files,
    /// From another stage or image.
    Copied,
    /// Files of an earlier layer, stored a second time.
    Again,
    /// From the network.
    Fetched,
    Unknown,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Base => "base",
            Kind::Packages => "packages",
            Kind::Recommends => "recommends",
            Kind::Leftover => "leftover",
            Kind::Program => "program",
            Kind::Files => "files",
            Kind::Copied => "copied",
            Kind::Again => "stored-again",
            Kind::Fetched => "fetched",
            Kind::Unknown => "unknown",
        }
    }
}

/// A sum of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    pub size: Size,
    /// The weakest of the known parts.
    pub basis: Basis,
    /// Parts that nobody can tell; with them the size is a lower bound.
    pub unknown: usize,
    pub compressed: u64,
}

impl Default for Weight {
    fn default() -> Weight {
        Weight { size: Size::default(), basis: Basis::Measured, unknown: 0, compressed: 0 }
    }
}

impl Weight {
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p Part>) -> Weight {
        let mut weight = Weight::default();
        parts.into_iter().for_each(|part| weight.add(part));
        weight
    }

    pub fn add(&mut self, part: &Part) {
        let Some(cost) = part.cost else {
            self.unknown += 1;
            return;
        };
        self.size = self.size.plus(cost.size);
        self.compressed += part.compressed;
        if cost.size.high > 0 {
            self.basis = self.basis.min(cost.basis);
        }
    }

    pub fn plus(mut self, other: Weight) -> Weight {
        self.size = self.size.plus(other.size);
        self.compressed += other.compressed;
        self.unknown += other.unknown;
        if other.size.high > 0 {
            self.basis = self.basis.min(other.basis);
        }
        self
    }

    /// `measured`, `table`, `estimated` or `unknown`.
    pub fn basis_name(&self) -> &'static str {
        if self.unknown > 0 { "unknown" } else { self.basis.name() }
    }
}

impl Part {
    /// Nobody can tell what it weighs.
    pub fn unknown(what: impl Into<String>) -> Part {
        Part { kind: Kind::Unknown, what: what.into(), cost: None, compressed: 0, key: None }
    }

    pub fn new(kind: Kind, what: impl Into<String>, cost: Cost) -> Part {
        // Text, programs and packages: gzip leaves a bit more than a third of most.
        let compressed = (cost.size.likely as f64 / 2.7) as u64;
        Part { kind, what: what.into(), cost: Some(cost), compressed, key: None }
    }

    /// A row of leftovers.tsv; unknown where there is none.
    fn row(kind: Kind, what: impl Into<String>, key: &'static str) -> Part {
        match leftover(key) {
            Some(cost) => Part { key: Some(key), ..Part::new(kind, what, cost) },
            None => Part { kind, key: Some(key), ..Part::unknown(what) },
        }
    }

    fn compressed(mut self, bytes: u64) -> Part {
        self.compressed = bytes;
        self
    }
}

impl Layer {
    pub fn weight(&self) -> Weight {
        Weight::of(&self.parts)
    }
}

impl ImageSize {
    pub fn stage(&self, id: StageId) -> Option<&StageSize> {
        self.stages.get(id.0)
    }

    /// The stage that ships.
    pub fn shipped(&self) -> Option<&StageSize> {
        self.stage(self.target?)
    }

    /// The layer of an instruction.
    pub fn layer(&self, inst: InstId) -> Option<&Layer> {
        self.stages.iter().flat_map(|stage| &stage.layers).find(|layer| layer.inst == inst)
    }
}

/// None of the packages recommends another one, nor do those that they need; false where one of them is not known.
pub fn recommend_nothing(names: &[&str]) -> bool {
    let there = debs::Set::default();
    let set = |recommends| debs::closure(names.iter().copied(), recommends, &there);
    !names.is_empty() && names.iter().all(|name| debs::known(name)) && set(true).len() == set(false).len()
}

/// Without its recommendations `names` no longer bring the package along.
pub fn merely_recommends(names: &[&str], package: &str) -> bool {
    debs::merely_recommends(names, package)
}

/// The size of an image by its reference, `golang:1.22` or `scratch`.
pub fn reference(text: &str) -> Option<Cost> {
    referenced(text, DEFAULT_PLATFORM, &SizeOptions::default()).map(|size| size.cost)
}

/// The same with what a registry told and the lock file keeps.
pub fn referenced(text: &str, platform: &str, options: &SizeOptions) -> Option<BaseSize> {
    if text == "scratch" {
        let cost = Cost { size: Size::default(), basis: Basis::Measured };
        return Some(BaseSize { cost, compressed: 0, like: None, asked: None });
    }
    let (name, tag) = name_and_tag(text);
    let name = model::canonical_name(name);
    if !options.locked.is_empty()
        && let Some(image) = options.locked.get(&model::full_name(text))
        && let Some(told) = image.sizes.get(platform)
    {
        return Some(base::asked(&name, tag, image, told));
    }
    if options.leave_out { base::image_without_itself(&name, tag) } else { base::image(&name, tag) }
}

/// The platform that a stage is built on: what FROM names, in one spelling; linux/amd64 where a variable stands there.
pub fn built_for(stage: &Stage) -> String {
    let named = stage.platform.as_deref().and_then(model::platform);
    let usual = if stage.windows { "windows/amd64" } else { DEFAULT_PLATFORM };
    named.unwrap_or_else(|| usual.to_string())
}

/// The name and the tag, `latest` where there is none, of a reference; a digest is left out.
pub fn name_and_tag(text: &str) -> (&str, &str) {
    let text = text.split('@').next().unwrap_or(text);
    let slash = text.rfind('/').map_or(0, |at| at + 1);
    match text.get(slash..).unwrap_or("").find(':') {
        Some(colon) => (text.get(..slash + colon).unwrap_or(text), text.get(slash + colon + 1..).unwrap_or("")),
        None => (text, "latest"),
    }
}

/// What is left of `from` when `to` takes its place; never below zero.
pub fn difference(from: Cost, to: Cost) -> Cost {
    Cost {
        size: Size {
            low: from.size.low.saturating_sub(to.size.high),
            likely: from.size.likely.saturating_sub(to.size.likely),
            high: from.size.high.saturating_sub(to.size.low),
        },
        basis: from.basis.min(to.basis),
    }
}

/// A row of leftovers.tsv, such as `apt-lists`. A wide range is an estimate, from whatever measurements it comes.
pub fn leftover(key: &str) -> Option<Cost> {
    let row = tables::lines(LEFTOVERS, key).next()?;
    let number = |at: usize| row.split('\t').nth(at).and_then(|cell| cell.parse().ok());
    let size = Size { low: number(1)?, likely: number(2)?, high: number(3)? };
    let basis = if size.high > 2 * size.low { Basis::Estimated } else { Basis::Table };
    Some(Cost { size, basis })
}

/// What the tables know: their names, how many rows they have, and the oldest and newest date in them.
pub fn tables() -> Vec<Table> {
    let dated = |name, about, text: &'static str| {
        let header = text.lines().next().unwrap_or_default();
        let column = header.trim_start_matches('#').split('\t').position(|cell| cell == "date").unwrap_or(0);
        let dates = || text.lines().skip(1).filter_map(move |line| line.split('\t').nth(column));
        let oldest = dates().min().unwrap_or_default();
        let newest = dates().max().unwrap_or_default();
        Table { name, about, rows: text.lines().count().saturating_sub(1), oldest, newest }
    };
    vec![
        dated("base_sizes.tsv", "base images by tag, on disk and compressed", base::TEXT),
        dated("deb_packages.tsv", "Debian bookworm packages with their dependencies", debs::PACKAGES),
        dated("apk_packages.tsv", "Alpine packages with their dependencies", apks::PACKAGES),
        dated("base_packages.tsv", "Debian packages that base images bring", debs::BROUGHT),
        dated("language_packages.tsv", "packages of pip and npm with their caches", language::PACKAGES),
        dated("leftovers.tsv", "lists, caches and programs that tools leave", LEFTOVERS),
        dated("go_std.tsv", "packages of Go's standard library once compiled", go_sources::STD),
        dated("known_paths.tsv", "what lies at well-known paths of images", copy::PATHS),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub about: &'static str,
    pub rows: usize,
    pub oldest: &'static str,
    pub newest: &'static str,
}

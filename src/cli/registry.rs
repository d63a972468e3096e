//! `unladen size --registry`: which images are asked for, and what becomes of the answers. The questions themselves are
//! the feature `online`.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;

use super::Stop;
use crate::config::lock;
use crate::lint::Checked;
use crate::model::{Base, full_name};
use crate::settings::LockedImage;
use crate::size::built_for;

#[derive(Debug, Default, Args)]
pub struct Options {
    /// Ask the registries for the real sizes of the base images, with your docker credentials where they want some
    #[arg(long, conflicts_with = "tables", help_heading = "Registries")]
    pub registry: bool,
    /// Keep the answers in .unladen.lock.json: later runs of size and check read them and need no network
    #[arg(long, requires = "registry", help_heading = "Registries")]
    pub save: bool,
    /// A registry, HOST or HOST:PORT, that may be asked without encryption; this machine may be always
    #[arg(long, value_name = "HOST", requires = "registry", help_heading = "Registries")]
    pub insecure_registry: Vec<String>,
    /// How long one answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 20, requires = "registry", help_heading = "Registries",
        value_parser = clap::value_parser!(u64).range(1..=600))]
    pub registry_timeout: u64,
}

/// An image and the platform that it is built on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(not(feature = "online"), allow(dead_code))]
pub(super) struct Wanted {
    /// As `model::full_name` has it.
    pub name: String,
    pub platform: String,
}

#[derive(Debug, Default)]
#[cfg_attr(not(feature = "online"), allow(dead_code))]
pub(super) struct Told {
    pub images: BTreeMap<String, LockedImage>,
    /// What did not hinder the questions.
    pub notes: Vec<String>,
    /// Why an image could not be asked for.
    pub troubles: Vec<String>,
}

/// The images that the stages stand on which are built, in order and each once.
pub(super) fn wanted<'c>(files: impl IntoIterator<Item = &'c Checked>) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for checked in files {
        for stage in checked.model.stages.iter().filter(|stage| stage.built) {
            if let Base::Image { reference } = &stage.base
                && !reference.has_variable()
            {
                let one = Wanted { name: full_name(&reference.text), platform: built_for(stage) };
                if !wanted.contains(&one) {
                    wanted.push(one);
                }
            }
        }
    }
    wanted
}

#[cfg(feature = "online")]
pub(super) fn ask(wanted: &[Wanted], options: &Options) -> Result<Told, Stop> {
    Ok(super::online::ask(wanted, &options.insecure_registry, std::time::Duration::from_secs(options.registry_timeout)))
}

#[cfg(not(feature = "online"))]
pub(super) fn ask(_wanted: &[Wanted], _options: &Options) -> Result<Told, Stop> {
    let text =
        "--registry: this unladen is built without network code; `cargo install unladen --features online` has it";
    Err(Stop::Usage(text.to_string()))
}

/// Writes the lock file and says where.
pub(super) fn save(directory: &Path, told: &BTreeMap<String, LockedImage>) -> Result<String, Stop> {
    let path = lock::save(directory, told).map_err(|error| Stop::Usage(format!("--save: {error}")))?;
    let images = if told.len() == 1 { "image" } else { "images" };
    Ok(format!("{} {images} written to {}", told.len(), path.display()))
}

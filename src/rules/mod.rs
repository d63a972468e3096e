//! The rules: one file each, and the table that lists them.

mod profile;
mod support;

pub use profile::{is_hadolint, rules_in};

use crate::context::BuildContext;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Model;
use crate::settings::Settings;
use crate::syntax::Dockerfile;
use crate::text::SourceFile;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    Size,
    Correctness,
    Security,
    Cache,
    Reproducibility,
    Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixAvailability {
    None,
    Sometimes,
    Always,
}

/// The facts of a rule and the function that checks it.
pub struct Rule {
    /// Names the bad thing in kebab case.
    pub slug: &'static str,
    /// hadolint's and BuildKit's names.
    pub aliases: &'static [&'static str],
    pub summary: &'static str,
    pub category: Category,
    pub severity: Severity,
    pub fix: FixAvailability,
    pub since: &'static str,
    /// Runs without being selected.
    pub default: bool,
    /// The page, rules/<slug>.md.
    pub doc: &'static str,
    pub check: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

/// What a rule sees.
pub struct Context<'a> {
    pub source: &'a SourceFile,
    pub dockerfile: &'a Dockerfile,
    pub model: &'a Model,
    pub settings: &'a Settings,
    pub build_context: Option<&'a BuildContext>,
}

// Written by `UPDATE=1 cargo test`; do not edit by hand.
mod apk_index_left;
mod apk_unpinned;
mod apt_lists_left;
mod apt_no_install_recommends;
mod apt_unpinned;
mod apt_without_yes;
mod cgo_not_disabled;
mod copy_from_missing_path;
mod deleted_in_later_layer;
mod dnf_cache_left;
mod dnf_unpinned;
mod dnf_without_yes;
mod fat_base_image;
mod gem_unpinned;
mod go_cache_left;
mod go_unpinned;
mod json_args_recommended;
mod latest_base;
mod libc_mismatch;
mod microdnf_cache_left;
mod missing_ca_certificates;
mod npm_unpinned;
mod pip_unpinned;
mod shell_form_without_shell;
mod single_stage_build;
mod unmerged_run;
mod unstripped_go_binary;
mod untagged_base;
mod update_apart_from_install;
mod yum_cache_left;
mod yum_unpinned;
mod yum_without_yes;
mod zypper_cache_left;
mod zypper_unpinned;
mod zypper_without_yes;

/// All rules by slug.
pub static RULES: &[&Rule] = &[
    &apk_index_left::RULE,
    &apk_unpinned::RULE,
    &apt_lists_left::RULE,
    &apt_no_install_recommends::RULE,
    &apt_unpinned::RULE,
    &apt_without_yes::RULE,
    &cgo_not_disabled::RULE,
    &copy_from_missing_path::RULE,
    &deleted_in_later_layer::RULE,
    &dnf_cache_left::RULE,
    &dnf_unpinned::RULE,
    &dnf_without_yes::RULE,
    &fat_base_image::RULE,
    &gem_unpinned::RULE,
    &go_cache_left::RULE,
    &go_unpinned::RULE,
    &json_args_recommended::RULE,
    &latest_base::RULE,
    &libc_mismatch::RULE,
    &microdnf_cache_left::RULE,
    &missing_ca_certificates::RULE,
    &npm_unpinned::RULE,
    &pip_unpinned::RULE,
    &shell_form_without_shell::RULE,
    &single_stage_build::RULE,
    &unmerged_run::RULE,
    &unstripped_go_binary::RULE,
    &untagged_base::RULE,
    &update_apart_from_install::RULE,
    &yum_cache_left::RULE,
    &yum_unpinned::RULE,
    &yum_without_yes::RULE,
    &zypper_cache_left::RULE,
    &zypper_unpinned::RULE,
    &zypper_without_yes::RULE,
];
// End of what is written.

/// The rule of that slug or alias, without case; the first one where several share an alias.
pub fn find(name: &str) -> Option<&'static Rule> {
    named(name).next()
}

/// Every rule of that slug or alias, without case.
pub fn named(name: &str) -> impl Iterator<Item = &'static Rule> {
    let is = move |other: &str| other.eq_ignore_ascii_case(name);
    RULES.iter().copied().filter(move |rule| is(rule.slug) || rule.aliases.iter().any(|alias| is(alias)))
}

//! The rules: one file each, and the table that lists them.

mod foreign;
pub mod pragma;
mod profile;
pub mod shellcheck;
mod support;

pub use profile::{is_hadolint, rules_in};
pub use support::go::Known as GoSources;
pub use support::instructions::{keyword_as_command, swallowed_keyword};
pub use support::layers_ship;

use std::cell::OnceCell;

use crate::context::BuildContext;
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Model;
use crate::rewrite::{self, Refusal, RewritePlan};
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
    /// What `plan` found, once a rule has asked.
    pub planned: OnceCell<Result<RewritePlan, Refusal>>,
    /// What several rules ask of the build context's Go sources.
    pub go: GoSources<'a>,
}

impl Context<'_> {
    /// The file as a multi-stage build, or why not; made once, since it reads the sources of the program.
    pub fn plan(&self) -> &Result<RewritePlan, Refusal> {
        self.planned.get_or_init(|| {
            rewrite::plan(self.source, self.dockerfile, self.model, self.build_context, &self.settings.rewrite)
        })
    }
}

// Written by `UPDATE=1 cargo test`; do not edit by hand.
mod add_for_local_file;
mod apk_index_left;
mod apk_unpinned;
mod apt_in_script;
mod apt_key_used;
mod apt_lists_left;
mod apt_no_install_recommends;
mod apt_packages_left;
mod apt_unpinned;
mod apt_without_yes;
mod archive_copied_then_unpacked;
mod archive_left;
mod broken_json_form;
mod cd_in_run;
mod cgo_not_disabled;
mod changed_after_copy;
mod consecutive_run;
mod consistent_instruction_casing;
mod copy_from_missing_path;
mod copy_from_own_stage;
mod copy_ignored_file;
mod copy_to_non_directory;
mod credential_in_text;
mod curl_and_wget;
mod curl_without_fail;
mod dead_host;
mod debconf_asks;
mod deleted_in_later_layer;
mod dnf_cache_left;
mod dnf_unpinned;
mod dnf_without_yes;
mod download_piped_to_shell;
mod duplicate_label;
mod duplicate_stage_name;
mod empty_label;
mod end_of_life_base;
mod env_refers_to_itself;
mod expose_invalid_format;
mod expose_proto_casing;
mod failure_lost;
mod fat_base_image;
mod from_as_casing;
mod from_platform_flag_const_disallowed;
mod gem_documents;
mod gem_unpinned;
mod go_cache_left;
mod go_unpinned;
mod healthcheck_shell_form;
mod heredoc_without_errexit;
mod host_command;
mod http_download;
mod inline_ignore;
mod instruction_before_from;
mod instruction_in_run;
mod invalid_base_image_platform;
mod invalid_default_arg_in_from;
mod invalid_definition_description;
mod invalid_label_key;
mod invalid_onbuild_trigger;
mod invalid_port;
mod json_args_recommended;
mod label_not_email;
mod label_not_git_hash;
mod label_not_rfc3339;
mod label_not_semver;
mod label_not_spdx;
mod label_not_url;
mod latest_base;
mod legacy_key_value_format;
mod libc_mismatch;
mod maintainer_deprecated;
mod microdnf_cache_left;
mod missing_ca_certificates;
mod missing_healthcheck;
mod missing_label;
mod missing_user;
mod multiple_instructions_disallowed;
mod no_empty_continuation;
mod npm_cache_clean_without_force;
mod npm_cache_left;
mod npm_install_with_lock;
mod npm_unpinned;
mod password_in_image;
mod pip_cache_left;
mod pip_unpinned;
mod pipe_without_pipefail;
mod redundant_target_platform;
mod relative_copy_destination;
mod remote_login_exposed;
mod reserved_stage_name;
mod root_user;
mod second_cmd;
mod second_entrypoint;
mod second_healthcheck;
mod secret_file_copied;
mod secrets_used_in_arg_or_env;
mod sh_relinked;
mod shell_form_without_shell;
mod single_stage_build;
mod source_copied_before_install;
mod sparse_lastlog;
mod stage_name_casing;
mod sudo_in_run;
mod undefined_arg_in_from;
mod undefined_var;
mod ungraceful_stop;
mod unknown_copy_source;
mod unknown_label;
mod unmerged_run;
mod unreachable_stage;
mod unstripped_go_binary;
mod untagged_base;
mod untrusted_registry;
mod unusable_stopsignal;
mod unused_ignore;
mod unverified_download;
mod update_apart_from_install;
mod user_by_name;
mod user_without_passwd;
mod wget_progress;
mod whole_root_copied;
mod workdir_in_system_directory;
mod workdir_relative_path;
mod world_writable;
mod yarn_cache_left;
mod yum_cache_left;
mod yum_unpinned;
mod yum_without_yes;
mod zypper_cache_left;
mod zypper_dist_upgrade;
mod zypper_unpinned;
mod zypper_without_yes;

/// All rules by slug.
pub static RULES: &[&Rule] = &[
    &add_for_local_file::RULE,
    &apk_index_left::RULE,
    &apk_unpinned::RULE,
    &apt_in_script::RULE,
    &apt_key_used::RULE,
    &apt_lists_left::RULE,
    &apt_no_install_recommends::RULE,
    &apt_packages_left::RULE,
    &apt_unpinned::RULE,
    &apt_without_yes::RULE,
    &archive_copied_then_unpacked::RULE,
    &archive_left::RULE,
    &broken_json_form::RULE,
    &cd_in_run::RULE,
    &cgo_not_disabled::RULE,
    &changed_after_copy::RULE,
    &consecutive_run::RULE,
    &consistent_instruction_casing::RULE,
    &copy_from_missing_path::RULE,
    &copy_from_own_stage::RULE,
    &copy_ignored_file::RULE,
    &copy_to_non_directory::RULE,
    &credential_in_text::RULE,
    &curl_and_wget::RULE,
    &curl_without_fail::RULE,
    &dead_host::RULE,
    &debconf_asks::RULE,
    &deleted_in_later_layer::RULE,
    &dnf_cache_left::RULE,
    &dnf_unpinned::RULE,
    &dnf_without_yes::RULE,
    &download_piped_to_shell::RULE,
    &duplicate_label::RULE,
    &duplicate_stage_name::RULE,
    &empty_label::RULE,
    &end_of_life_base::RULE,
    &env_refers_to_itself::RULE,
    &expose_invalid_format::RULE,
    &expose_proto_casing::RULE,
    &failure_lost::RULE,
    &fat_base_image::RULE,
    &from_as_casing::RULE,
    &from_platform_flag_const_disallowed::RULE,
    &gem_documents::RULE,
    &gem_unpinned::RULE,
    &go_cache_left::RULE,
    &go_unpinned::RULE,
    &healthcheck_shell_form::RULE,
    &heredoc_without_errexit::RULE,
    &host_command::RULE,
    &http_download::RULE,
    &inline_ignore::RULE,
    &instruction_before_from::RULE,
    &instruction_in_run::RULE,
    &invalid_base_image_platform::RULE,
    &invalid_default_arg_in_from::RULE,
    &invalid_definition_description::RULE,
    &invalid_label_key::RULE,
    &invalid_onbuild_trigger::RULE,
    &invalid_port::RULE,
    &json_args_recommended::RULE,
    &label_not_email::RULE,
    &label_not_git_hash::RULE,
    &label_not_rfc3339::RULE,
    &label_not_semver::RULE,
    &label_not_spdx::RULE,
    &label_not_url::RULE,
    &latest_base::RULE,
    &legacy_key_value_format::RULE,
    &libc_mismatch::RULE,
    &maintainer_deprecated::RULE,
    &microdnf_cache_left::RULE,
    &missing_ca_certificates::RULE,
    &missing_healthcheck::RULE,
    &missing_label::RULE,
    &missing_user::RULE,
    &multiple_instructions_disallowed::RULE,
    &no_empty_continuation::RULE,
    &npm_cache_clean_without_force::RULE,
    &npm_cache_left::RULE,
    &npm_install_with_lock::RULE,
    &npm_unpinned::RULE,
    &password_in_image::RULE,
    &pip_cache_left::RULE,
    &pip_unpinned::RULE,
    &pipe_without_pipefail::RULE,
    &redundant_target_platform::RULE,
    &relative_copy_destination::RULE,
    &remote_login_exposed::RULE,
    &reserved_stage_name::RULE,
    &root_user::RULE,
    &second_cmd::RULE,
    &second_entrypoint::RULE,
    &second_healthcheck::RULE,
    &secret_file_copied::RULE,
    &secrets_used_in_arg_or_env::RULE,
    &sh_relinked::RULE,
    &shell_form_without_shell::RULE,
    &single_stage_build::RULE,
    &source_copied_before_install::RULE,
    &sparse_lastlog::RULE,
    &stage_name_casing::RULE,
    &sudo_in_run::RULE,
    &undefined_arg_in_from::RULE,
    &undefined_var::RULE,
    &ungraceful_stop::RULE,
    &unknown_copy_source::RULE,
    &unknown_label::RULE,
    &unmerged_run::RULE,
    &unreachable_stage::RULE,
    &unstripped_go_binary::RULE,
    &untagged_base::RULE,
    &untrusted_registry::RULE,
    &unusable_stopsignal::RULE,
    &unused_ignore::RULE,
    &unverified_download::RULE,
    &update_apart_from_install::RULE,
    &user_by_name::RULE,
    &user_without_passwd::RULE,
    &wget_progress::RULE,
    &whole_root_copied::RULE,
    &workdir_in_system_directory::RULE,
    &workdir_relative_path::RULE,
    &world_writable::RULE,
    &yarn_cache_left::RULE,
    &yum_cache_left::RULE,
    &yum_unpinned::RULE,
    &yum_without_yes::RULE,
    &zypper_cache_left::RULE,
    &zypper_dist_upgrade::RULE,
    &zypper_unpinned::RULE,
    &zypper_without_yes::RULE,
];
// End of what is written.

/// The rule for comments that ignore nothing; `lint` finds those, which knows what comments hide.
pub static UNUSED: &Rule = &unused_ignore::RULE;

/// Every rule: those with a file of their own, then ShellCheck's codes.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().chain(shellcheck::CODES).copied()
}

/// The rule of that slug or alias, without case; the first one where several share an alias.
pub fn find(name: &str) -> Option<&'static Rule> {
    named(name).next()
}

/// Every rule of that slug or alias, without case.
pub fn named(name: &str) -> impl Iterator<Item = &'static Rule> {
    let is = move |other: &str| other.eq_ignore_ascii_case(name);
    all().filter(move |rule| is(rule.slug) || rule.aliases.iter().any(|alias| is(alias)))
}

//! What a run was asked to do: resolved, plain, no files and no options left open.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Severity;
use crate::model::ModelOptions;

/// Everything that `check` needs to know beside the file and its build context.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which rules run; `None`: the default set.
    pub select: Option<Vec<&'static str>>,
    pub ignore: Vec<&'static str>,
    /// Severities that the user changed, by slug.
    pub severities: BTreeMap<&'static str, Severity>,
    pub model: ModelOptions,
    pub rewrite: RewriteOptions,
    pub size: SizeOptions,
    /// Which rules run when `select` says nothing, and with whose severities.
    pub profile: Profile,
    pub options: RuleOptions,
    /// Ignore comments are not honoured.
    pub disable_ignores: bool,
}

impl Settings {
    /// What the lock file says, for the sizes of the file and of its rewrite.
    pub fn lock(&mut self, locked: Arc<BTreeMap<String, LockedImage>>) {
        self.rewrite.locked = locked.clone();
        self.size.locked = locked;
    }
}

/// A named set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What costs bytes, breaks builds, leaks or surprises.
    #[default]
    Default,
    /// Every rule with a DL or SC code, with hadolint's severities.
    Hadolint,
    /// Every build check of BuildKit.
    Buildkit,
    All,
}

/// What single rules let the user decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleOptions {
    /// Registries that images may come from, with `*` as the first or last character; empty: all of them.
    pub trusted_registries: Vec<String>,
    /// The labels that an image is to have, and what their values are.
    pub label_schema: BTreeMap<String, LabelKind>,
    /// Labels that are not in the schema are wrong.
    pub strict_labels: bool,
}

/// What the value of a label must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    Text,
    Url,
    Rfc3339,
    Semver,
    Spdx,
    GitHash,
    Email,
}

/// What the size model is told beside its tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SizeOptions {
    /// What registries told of images, by their full names (`docker.io/library/debian:12`).
    pub locked: Arc<BTreeMap<String, LockedImage>>,
    /// The most bytes that the image may have.
    pub max_size: Option<u64>,
    /// The same for single targets, by the name of the stage.
    pub max_sizes: BTreeMap<String, u64>,
    /// A base image is judged by the other rows of the table: to measure how good they are.
    pub leave_out: bool,
}

/// What a registry told of an image on some day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedImage {
    /// Of what the reference names: an index of several platforms or one manifest.
    pub digest: String,
    /// `2026-11-21`.
    pub date: String,
    /// The platforms that it is published for, in one spelling each (`model::platform`).
    pub platforms: Vec<String>,
    /// By platform; those that were asked for.
    pub sizes: BTreeMap<String, LockedSize>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockedSize {
    /// Of the manifest of the platform.
    pub digest: String,
    /// Bytes of the compressed layers, as the manifest counts them.
    pub compressed: u64,
    /// Bytes of the layers unpacked, where the registry could tell.
    pub unpacked: Option<u64>,
}

/// What the user wants of the rewriter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RewriteOptions {
    pub base: BaseWish,
    /// Also strip the program that is built: `-ldflags="-s -w"`. On for `unladen rewrite`, off for `check --fix`, where a
    /// rule of its own offers it.
    pub strip: bool,
    /// Add a stage that is the final image with a shell; what ships stays the same.
    pub debug_stage: bool,
    /// Read modules in the user's Go module cache; for `unladen rewrite` alone.
    pub module_cache: bool,
    pub stated: Stated,
    /// As in `SizeOptions`.
    pub locked: Arc<BTreeMap<String, LockedImage>>,
}

/// Facts that the user states because no file shows them; each one closes an obligation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Every file and directory that the program reads at run time, absolute or relative to the working directory.
    pub runtime_files: Option<Vec<String>>,
    /// The image is entered with a shell, or the program starts one.
    pub needs_shell: Option<bool>,
    /// The program needs cgo (`true`) or does not (`false`).
    pub cgo: Option<bool>,
    /// Packages of the distribution that the program needs at run time, beside those that the file shows.
    pub packages: Vec<String>,
    /// Put before the name of the final base: `mirror.example.com/`.
    pub base_prefix: Option<String>,
}

impl Stated {
    /// The name of an image, behind the prefix of the mirror.
    pub fn prefixed(&self, image: &str) -> String {
        match self.base_prefix.as_deref().map(|prefix| prefix.trim_end_matches('/')) {
            None | Some("") => image.to_string(),
            Some(prefix) => format!("{prefix}/{image}"),
        }
    }
}

/// A package as it may stand in the RUN that installs it, with a version or a repository behind: nothing that a shell
/// takes for something else.
pub fn package_name(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "+-._:=@/~*".contains(letter);
    match text.starts_with(|letter: char| letter.is_ascii_alphanumeric()) && text.chars().all(plain) {
        true => Ok(text.to_string()),
        false => Err(format!("`{text}` is no name of a package")),
    }
}

/// The registry and path of a mirror.
pub fn image_prefix(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-._:/".contains(letter);
    if text.contains("://") || text.is_empty() || !text.chars().all(plain) {
        return Err(format!("`{text}` is no registry with a path, such as mirror.example.com/hub"));
    }
    Ok(text.to_string())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BaseWish {
    /// The smallest tier that is proved, distroless at the least.
    #[default]
    Auto,
    Static,
    Scratch,
    SameDistro,
}

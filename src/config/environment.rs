//! What the environment has to do with configuration: hadolint's variables, and where its file for a user lies.

use std::path::PathBuf;

/// Empty unless it is asked for, so that a test does not depend on where it runs.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `HADOLINT_…` variables with their values, in order.
    pub hadolint: Vec<(String, String)>,
    /// Where hadolint looks when a project has no file, in its order.
    pub user_files: Vec<PathBuf>,
}

impl Environment {
    /// That of the process.
    pub fn of_process() -> Environment {
        let mut hadolint: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| name.starts_with("HADOLINT_") && !value.is_empty())
            .collect();
        hadolint.sort();
        Environment { hadolint, user_files: user_files(&|name| std::env::var_os(name).map(PathBuf::from)) }
    }
}

/// XDG_CONFIG_HOME or ~/.config (on Windows LOCALAPPDATA), ~/.hadolint, ~.
pub(super) fn user_files(variable: &dyn Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let set = |name: &str| variable(name).filter(|path| path.is_absolute());
    let home = set("HOME").or_else(|| set("USERPROFILE"));
    let config = set("XDG_CONFIG_HOME").or_else(|| set("LOCALAPPDATA"));
    let config = config.or_else(|| home.as_ref().map(|home| home.join(".config")));
    let mut files = Vec::new();
    let mut add = |directory: Option<PathBuf>, names: &[&str]| {
        files.extend(directory.iter().flat_map(|directory| names.iter().map(|name| directory.join(name))));
    };
    add(config, &["hadolint.yaml", "hadolint.yml"]);
    let own = home.as_ref().map(|home| home.join(".hadolint"));
    add(own, &["hadolint.yaml", "hadolint.yml", "config.yaml", "config.yml"]);
    add(home, &[".hadolint.yaml", ".hadolint.yml"]);
    files
}

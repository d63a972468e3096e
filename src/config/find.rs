//! Which configuration holds for a directory: the closest `.unladen.yaml` upwards, else the closest `.hadolint.yaml`,
//! else hadolint's file for the user, else what hadolint's variables say.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lock::{self, Locked};
use super::{Config, ConfigError, Environment, hadolint, own};

/// A configuration or why it cannot be used; shared by the files that it holds for.
pub type Found = Result<Arc<Config>, Arc<ConfigError>>;

/// What a lock file says or why it cannot be used.
type FoundLock = Result<Locked, Arc<ConfigError>>;

const OWN: [&str; 2] = [".unladen.yaml", ".unladen.yml"];
const HADOLINT: [&str; 2] = [".hadolint.yaml", ".hadolint.yml"];

/// Looks every directory up once.
#[derive(Debug)]
pub struct Finder {
    /// The configuration that `--config` names or `--no-config` asks for.
    fixed: Option<Found>,
    /// No file is read at all.
    sealed: bool,
    /// What holds where no directory has a file; worked out when it is needed.
    none: Option<Found>,
    environment: Environment,
    own: HashMap<PathBuf, Option<Found>>,
    hadolint: HashMap<PathBuf, Option<Found>>,
    locks: HashMap<PathBuf, Option<FoundLock>>,
}

impl Finder {
    /// Looks upwards from each file.
    pub fn upwards() -> Finder {
        Finder {
            fixed: None,
            sealed: false,
            none: None,
            environment: Environment::default(),
            own: HashMap::new(),
            hadolint: HashMap::new(),
            locks: HashMap::new(),
        }
    }

    /// Also looks where the environment says.
    pub fn in_environment(self, environment: Environment) -> Finder {
        Finder { environment, ..self }
    }

    /// No file is read.
    pub fn without() -> Finder {
        Finder { fixed: Some(Ok(Arc::default())), sealed: true, ..Finder::upwards() }
    }

    /// This file holds for all; it is hadolint's by its name, or because the command line is.
    pub fn from_file(path: &Path, environment: Environment, hadolints: bool) -> Finder {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_hadolints = name.contains("hadolint") || (hadolints && !OWN.contains(&name.as_str()));
        let config = load(path, is_hadolints.then_some(&environment)).map(Arc::new).map_err(Arc::new);
        Finder { fixed: Some(config), ..Finder::upwards() }
    }

    /// What the closest lock file upwards says; without configuration none is read.
    pub fn lock(&mut self, directory: &Path) -> FoundLock {
        if self.sealed {
            return Ok(Locked::default());
        }
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
        let found = closest(&directory, &[lock::NAME], &|path| lock::read(path).map_err(Arc::new), &mut self.locks);
        found.unwrap_or_else(|| Ok(Locked::default()))
    }

    /// The configuration of a directory.
    pub fn find(&mut self, directory: &Path) -> Found {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_path_buf());
        if let Some(found) = upwards(&directory, &OWN, None, &mut self.own) {
            return found;
        }
        if let Some(found) = upwards(&directory, &HADOLINT, Some(&self.environment), &mut self.hadolint) {
            return found;
        }
        self.none.get_or_insert_with(|| of_user(&self.environment)).clone()
    }
}

/// hadolint's file for the user, or what its variables say.
fn of_user(environment: &Environment) -> Found {
    if let Some(path) = environment.user_files.iter().find(|path| path.is_file()) {
        return load(path, Some(environment)).map(Arc::new).map_err(Arc::new);
    }
    let config = hadolint::without_file(environment).map_err(Arc::new)?;
    Ok(Arc::new(config.unwrap_or_default()))
}

/// With an environment the files are hadolint's.
fn upwards(
    directory: &Path,
    names: &[&str],
    hadolint: Option<&Environment>,
    cache: &mut HashMap<PathBuf, Option<Found>>,
) -> Option<Found> {
    closest(directory, names, &|path| load(path, hadolint).map(Arc::new).map_err(Arc::new), cache)
}

/// What the closest file of these names says.
fn closest<T: Clone>(
    directory: &Path,
    names: &[&str],
    load: &dyn Fn(&Path) -> T,
    cache: &mut HashMap<PathBuf, Option<T>>,
) -> Option<T> {
    let mut passed = Vec::new();
    let mut found = None;
    for directory in directory.ancestors() {
        if let Some(known) = cache.get(directory) {
            found = known.clone();
            break;
        }
        passed.push(directory.to_path_buf());
        if let Some(path) = names.iter().map(|name| directory.join(name)).find(|path| path.is_file()) {
            found = Some(load(&path));
            break;
        }
    }
    cache.extend(passed.into_iter().map(|directory| (directory, found.clone())));
    found
}

fn load(path: &Path, hadolint: Option<&Environment>) -> Result<Config, ConfigError> {
    let bytes = std::fs::read(path).map_err(|error| ConfigError::new(path, reason(&error)))?;
    let text = String::from_utf8(bytes).map_err(|_| ConfigError::new(path, "the file is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match hadolint {
        Some(environment) => hadolint::read(path, text, environment),
        None => own::read(path, text),
    }
}

/// What the system says, in our words where it has odd ones.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_string(),
        _ => format!("cannot be read: {error}"),
    }
}

//! What pip, npm and cargo bring: rules/tables/language_packages.tsv, measured installs of the newest versions with all
//! that they depend on.

use super::files;
use super::run::{Made, Run, about};
use super::system::listed;
use super::{Kind, Part, leftover};
use crate::diagnostic::Basis;
use crate::model::{Action, Call, PackageKind, tables};
use crate::shell::ShellCommand;

pub(super) static PACKAGES: &str = include_str!("../../rules/tables/language_packages.tsv");

#[derive(Clone, Copy, Default)]
struct Sum {
    installed: u64,
    cache: u64,
}

/// The packages that are in the table together, and the names of the others. Packages share dependencies, so that all
/// together weigh a little less than their sum.
fn weigh(manager: &str, names: &[String]) -> (Option<Sum>, Vec<String>) {
    let mut sum: Option<Sum> = None;
    let mut missing = Vec::new();
    for name in names {
        let name = name.split('[').next().unwrap_or(name).to_ascii_lowercase().replace('_', "-");
        match row(manager, &name) {
            Some(row) => {
                let sum = sum.get_or_insert_default();
                sum.installed += row.installed;
                sum.cache += row.cache;
            }
            None => missing.push(name),
        }
    }
    (sum, missing)
}

fn row(manager: &str, name: &str) -> Option<Sum> {
    let row = tables::lines(PACKAGES, &format!("{manager}:{name}")).next()?;
    let mut cells = row.split('\t').skip(1).map(|cell| cell.parse().ok());
    Some(Sum { installed: cells.next()??, cache: cells.next()?? })
}

impl Run<'_, '_> {
    pub fn pip(&mut self, index: usize, cmd: &ShellCommand, call: &Call) {
        if call.action != Action::Install {
            return;
        }
        let mut names = Vec::new();
        let mut other: Vec<String> = Vec::new();
        let step = self.step;
        for install in step.installs.iter().filter(|install| install.command == index) {
            for package in &install.packages {
                match package.kind {
                    PackageKind::Named => names.push(package.name.clone()),
                    _ => other.push(package.name.clone()),
                }
            }
            for file in &install.files {
                match self.requirements(cmd, file) {
                    Some(listed) => names.extend(listed),
                    None => other.push(file.text.clone()),
                }
            }
        }
        // pip itself is there; a newer one takes its place in this layer.
        names.retain(|name| !matches!(name.as_str(), "pip" | "setuptools" | "wheel"));
        let keeps =
            !call.keeps_no_cache(cmd)
                && !call.facts.no_cache_env.iter().any(|name| {
                    step.env.value(name).is_some_and(|value| crate::model::switches_cache_off(name, value))
                });
        self.language("pip", names, other, keeps, "/.cache/pip", "pip-cache", "pip's cache");
    }

    /// The names in a requirements file of the build context.
    fn requirements(&self, cmd: &ShellCommand, file: &crate::shell::ShellWord) -> Option<Vec<String>> {
        let path = files::absolute(self.step, cmd, file)?;
        let text = self.read(&path)?;
        let mut names = Vec::new();
        for line in text.lines().map(|line| line.split(" #").next().unwrap_or(line).trim()) {
            if line.is_empty() || line.starts_with(['#', '-']) {
                continue;
            }
            let end =
                line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(line.len());
            names.push(line.get(..end).unwrap_or(line).to_string());
        }
        Some(names)
    }

    /// The text of a file that COPY brought from the build context.
    fn read(&self, path: &str) -> Option<String> {
        let context = self.around.context?;
        let place = |placed: &files::Placed| {
            let from = placed.context.as_deref()?;
            let rest = path.strip_prefix(placed.path.trim_end_matches('/'))?;
            let rest = rest.trim_start_matches('/');
            Some(match (from.is_empty(), rest.is_empty()) {
                (true, _) => rest.to_string(),
                (false, true) => from.to_string(),
                (false, false) => {
                    // A file lies in the directory under its own name.
                    if context.is_file(from) { from.to_string() } else { format!("{from}/{rest}") }
                }
            })
        };
        self.ground.placed.iter().rev().filter_map(place).find_map(|path| context.read(&path))
    }

    pub fn node(&mut self, index: usize, cmd: &ShellCommand, call: &Call) {
        let program = cmd.name.text.clone();
        if call.action != Action::Install {
            let builds =
                cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "run" | "build" | "run-script" | "exec"));
            if builds {
                self.add(Part::unknown(format!("`{program} {}`", first_words(cmd))), None);
            }
            return;
        }
        let step = self.step;
        let packages =
            step.installs.iter().filter(|install| install.command == index).flat_map(|install| &install.packages);
        let mut names: Vec<String> = packages.map(|package| package.name.clone()).collect();
        let mut other = Vec::new();
        if names.is_empty() {
            let dir = files::directory(step, cmd).unwrap_or_default();
            match self.read(&format!("{}/package.json", dir.trim_end_matches('/'))) {
                Some(text) => {
                    names = dependencies(&text, call.is_lean(cmd) || step.env.value("NODE_ENV") == Some("production"))
                }
                None => other.push("package.json".to_string()),
            }
        }
        // What yarn and pnpm keep was not measured.
        let keeps = program == "npm";
        self.language("npm", names, other, keeps, "/.npm", "npm-cache", "npm's cache");
    }

    #[allow(clippy::too_many_arguments)]
    fn language(
        &mut self,
        manager: &str,
        names: Vec<String>,
        mut other: Vec<String>,
        keeps: bool,
        cache: &str,
        key: &'static str,
        what: &str,
    ) {
        let (sum, missing) = weigh(manager, &names);
        other.extend(missing);
        let known: Vec<&str> = names.iter().map(String::as_str).filter(|name| row(manager, name).is_some()).collect();
        if let Some(sum) = sum {
            let share = if known.len() > 1 { 0.9 } else { 1.0 };
            let cost = about((sum.installed as f64 * share) as u64, 0.6, 1.5, Basis::Estimated);
            let part = Part::new(Kind::Packages, format!("{manager} packages {}", listed(&known)), cost);
            self.add(part, None);
        }
        if !other.is_empty() {
            let names: Vec<&str> = other.iter().map(String::as_str).collect();
            let part = Part { kind: Kind::Packages, ..Part::unknown(format!("{manager} packages {}", listed(&names))) };
            self.add(part, None);
        }
        let path = format!("{}{cache}", self.home());
        if !keeps || self.step.is_mounted(&path) || (names.is_empty() && other.is_empty()) {
            return;
        }
        let part = match (sum, other.is_empty()) {
            (Some(sum), true) => {
                let cost = about(sum.cache, 0.5, 1.5, Basis::Estimated);
                Part { key: Some(key), ..Part::new(Kind::Leftover, what, cost) }
            }
            _ => Part::row(Kind::Leftover, what, key),
        };
        // Packed already.
        let compressed = part.cost.map_or(0, |cost| cost.size.likely);
        self.add(part.compressed(compressed), Some(path));
    }

    pub fn cargo(&mut self, cmd: &ShellCommand) {
        let verb = cmd.args.iter().find(|arg| !arg.text.starts_with(['-', '+'])).map_or("", |arg| arg.text.as_str());
        if !matches!(verb, "build" | "install" | "test" | "run" | "check" | "fetch" | "rustc" | "b" | "r" | "t") {
            return;
        }
        let home = self.step.env.value("CARGO_HOME").unwrap_or("/root/.cargo").to_string();
        self.leave("cargo's registry", "cargo-registry", &format!("{home}/registry"));
        if verb == "fetch" {
            return;
        }
        if verb == "install" {
            self.add(Part::row(Kind::Program, "a Rust program", "rust-program"), Some(format!("{home}/bin")));
            return;
        }
        let dir = files::directory(self.step, cmd).unwrap_or_default();
        let target = match self.step.env.value("CARGO_TARGET_DIR") {
            Some(dir) => dir.to_string(),
            None => format!("{}/target", dir.trim_end_matches('/')),
        };
        self.leave("what the compiler made in target", "cargo-target", &target);
        // The program is a part of target: it is known by its path, and its bytes are counted there.
        let cost = leftover("rust-program");
        let Some(cost) = cost else { return };
        for kind in ["release", "debug"] {
            let path = format!("{target}/{kind}");
            let compressed = cost.size.likely / 3;
            let placed = files::Placed { path, cost: Some(cost), compressed, context: None, somewhere: true };
            self.ground.placed.push(placed);
        }
    }

    pub fn somewhere(&mut self, part: Part, dir: String) {
        self.made.push(Made { part, path: Some(dir), somewhere: true });
    }
}

fn first_words(cmd: &ShellCommand) -> String {
    let words: Vec<&str> = cmd.args.iter().take(2).map(|arg| arg.text.as_str()).collect();
    words.join(" ")
}

/// The names of `dependencies` and, where they are wanted, `devDependencies` of a package.json. Read by hand: nothing
/// below `report` knows JSON, and only the keys of two flat objects matter.
fn dependencies(text: &str, lean: bool) -> Vec<String> {
    let wanted: &[&str] = if lean { &["\"dependencies\""] } else { &["\"dependencies\"", "\"devDependencies\""] };
    let mut names = Vec::new();
    for key in wanted {
        let Some(at) = text.find(key) else { continue };
        let rest = text.get(at + key.len()..).unwrap_or_default();
        let Some(object) = rest.find('{').and_then(|open| rest.get(open + 1..)) else { continue };
        let object = object.split('}').next().unwrap_or_default();
        for entry in object.split(',') {
            if let Some((name, _)) = entry.split_once("\":") {
                names.push(name.trim().trim_start_matches('"').to_string());
            }
        }
    }
    names
}

//! What the distributions' package managers bring: apt by the table of packages, of the others what they leave behind.

use super::debs;
use super::run::{AptInstall, Run, about};
use super::{Kind, Part, leftover};
use crate::diagnostic::{Basis, Cost};
use crate::model::{Action, Call, Manager, PackageKind};
use crate::shell::ShellCommand;

/// gzip on the files of packages against the .deb files, which are packed with xz: 1.57 in full and 1.29 in slim images
/// (real_installs.csv).
const GZIP_FULL: f64 = 1.57;
const GZIP_SLIM: f64 = 1.29;

impl Run<'_, '_> {
    pub fn manager(&mut self, index: usize, cmd: &ShellCommand, call: &Call) {
        match call.facts.manager {
            Manager::Apt => self.apt_command(index, cmd, call),
            Manager::Apk => {
                if matches!(call.action, Action::Install | Action::Update | Action::Upgrade)
                    && !call.keeps_no_cache(cmd)
                {
                    self.leave("package index of apk", "apk-index", "/var/cache/apk");
                }
                self.apk(index, cmd, call.action);
            }
            Manager::Dnf | Manager::Microdnf => {
                self.rpm_cache("dnf-cache", "/var/cache/dnf", call.action);
                self.unknown_packages(index, call.facts.programs.first().copied().unwrap_or("dnf"), call.action);
            }
            Manager::Yum => {
                self.rpm_cache("yum-cache", "/var/cache/yum", call.action);
                self.unknown_packages(index, "yum", call.action);
            }
            Manager::Tdnf => self.unknown_packages(index, "tdnf", call.action),
            Manager::Zypper => self.unknown_packages(index, "zypper", call.action),
            Manager::Pip => self.pip(index, cmd, call),
            Manager::Npm | Manager::Yarn | Manager::Pnpm => self.node(index, cmd, call),
            Manager::Gem => self.unknown_packages(index, "gem", call.action),
            Manager::Go => self.go(cmd),
            Manager::Cargo => self.cargo(cmd),
        }
    }

    fn rpm_cache(&mut self, key: &'static str, path: &str, action: Action) {
        if matches!(action, Action::Install | Action::Update | Action::Upgrade) {
            self.leave("cache of the package manager", key, path);
        }
    }

    /// Packages of a manager without a table.
    pub fn unknown_packages(&mut self, index: usize, manager: &str, action: Action) {
        match action {
            Action::Install => {
                let installs = self.step.installs.iter().filter(|install| install.command == index);
                let packages = installs.flat_map(|install| &install.packages).map(|package| package.name.as_str());
                let names = listed(&packages.collect::<Vec<_>>());
                self.add(Part { kind: Kind::Packages, ..Part::unknown(format!("{manager} packages {names}")) }, None);
            }
            Action::Upgrade => {
                self.add(Part { kind: Kind::Packages, ..Part::unknown(format!("upgraded {manager} packages")) }, None);
            }
            _ => {}
        }
    }

    fn apt_command(&mut self, index: usize, cmd: &ShellCommand, call: &Call) {
        match call.action {
            Action::Update => self.leave("package lists of apt", "apt-lists", "/var/lib/apt/lists"),
            Action::Upgrade => {
                self.add(Part { kind: Kind::Packages, ..Part::unknown("upgraded packages") }, None);
            }
            Action::Install => {
                let mut names = Vec::new();
                for package in self.step.installs.iter().filter(|i| i.command == index).flat_map(|i| &i.packages) {
                    match package.kind {
                        PackageKind::Named if package.name.ends_with('-') => {
                            self.purged.push(package.name.trim_end_matches('-').to_string());
                        }
                        _ => names.push(package.name.clone()),
                    }
                }
                let lean = call.is_lean(cmd) || self.around.lean;
                self.apt.push(AptInstall { names, lean, conditional: cmd.conditional });
            }
            Action::Remove if !cmd.conditional => {
                let verb = call.verb.and_then(|at| cmd.args.get(at)).map_or("", |word| word.text.as_str());
                let auto = matches!(verb, "autoremove" | "autopurge" | "auto-remove");
                let names = call.operands(cmd).into_iter().map(|word| word.text.clone());
                self.purged.extend(names);
                self.autoremove |= auto
                    || call.has(cmd, &["--auto-remove", "--autoremove"])
                    || cmd.args.iter().any(|arg| arg.text.to_ascii_lowercase().contains("autoremove="));
            }
            _ => {}
        }
    }

    /// All that apt installs in this RUN, less what it removes again, is one set: what packages share counts once.
    pub fn finish_apt(&mut self) {
        if self.apt.is_empty() {
            return;
        }
        let debian = match self.ground.debian {
            Some(debian) => debian,
            None => super::layers::Debian { slim: false, exact: false },
        };
        let installs = std::mem::take(&mut self.apt);
        let named = || installs.iter().flat_map(|install| install.names.iter().map(String::as_str));
        let stays = |name: &&str| !self.purged.iter().any(|gone| gone == *name);
        let there = &self.ground.there;
        let mut plain = debs::closure(named().filter(stays), false, there);
        if !self.autoremove && !self.purged.is_empty() {
            let gone: Vec<&str> = self.purged.iter().map(String::as_str).collect();
            plain.add(&debs::closure(named(), false, there).without_named(&gone));
        }
        let mut all = plain.clone();
        for install in installs.iter().filter(|install| !install.lean) {
            all.add(&debs::closure(install.names.iter().map(String::as_str).filter(stays), true, there));
        }
        let extra = all.without(&plain);
        let missing: Vec<&str> = named().filter(stays).filter(|name| !debs::known(name)).collect();
        let perhaps = installs.iter().all(|install| install.conditional);
        let known: Vec<&str> = named().filter(stays).filter(|name| debs::known(name)).collect();
        let what = match plain.len().saturating_sub(known.len()) {
            0 => listed(&known),
            more => format!("{} and {} they need", listed(&known), counted(more)),
        };
        let state = leftover("apt-state").map_or(0, |cost| cost.size.likely);
        if !known.is_empty() || !missing.is_empty() {
            let bytes = debs::weigh(&plain, debian.slim);
            let what = if known.is_empty() { "apt's own records".to_string() } else { what };
            self.packages(Kind::Packages, what, bytes, state, debian, perhaps);
        }
        if extra.len() > 0 {
            let bytes = debs::weigh(&extra, debian.slim);
            let are = if extra.len() == 1 { "is" } else { "are" };
            let what = format!("{} that {are} merely recommended", counted(extra.len()));
            self.packages(Kind::Recommends, what, bytes, 0, debian, perhaps);
        }
        if !missing.is_empty() {
            let what = format!("packages {}", listed(&missing));
            self.add(Part { kind: Kind::Packages, ..Part::unknown(what) }, None);
        }
        self.ground.there.add(&all);
    }

    fn packages(
        &mut self,
        kind: Kind,
        what: String,
        bytes: debs::Bytes,
        state: u64,
        debian: super::layers::Debian,
        perhaps: bool,
    ) {
        let likely = bytes.disk + state;
        // Real installs of bookworm are within 15 % of the table; other releases are taken for it.
        let mut cost: Cost = match debian.exact {
            true => about(likely, 0.87, 1.15, Basis::Table),
            false => about(likely, 0.6, 1.6, Basis::Estimated),
        };
        if perhaps {
            cost = Cost { size: crate::diagnostic::Size { low: 0, ..cost.size }, basis: Basis::Estimated };
        }
        let gzip = if debian.slim { GZIP_SLIM } else { GZIP_FULL };
        let compressed = (bytes.debs as f64 * gzip) as u64 + state / 5;
        // The archives also hold the documentation that slim images leave out.
        self.add(Part::new(kind, what, cost).compressed(compressed.min(cost.size.likely)), None);
    }
}

/// `1 package`, `5 packages`.
pub(super) fn counted(packages: usize) -> String {
    if packages == 1 { "1 package".to_string() } else { format!("{packages} packages") }
}

/// `curl, git, jq and 5 more`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => one.to_string(),
        names if names.len() <= 4 => {
            let (last, first) = names.split_last().unwrap_or((&"", &[]));
            format!("{} and {last}", first.join(", "))
        }
        names => {
            let first = names.get(..3).unwrap_or_default();
            format!("{} and {} more", first.join(", "), names.len() - first.len())
        }
    }
}

//! Alpine's packages with all that they depend on: rules/tables/apk_packages.tsv. It holds the most used ones only, and
//! is of one release.

use std::collections::BTreeSet;

use super::run::{Run, about};
use super::system::{counted, listed};
use super::{Kind, Part};
use crate::diagnostic::Basis;
use crate::model::{Action, canonical_name, tables};
use crate::shell::{Script, ShellCommand};
use crate::syntax::ImageRef;

pub(super) static PACKAGES: &str = include_str!("../../rules/tables/apk_packages.tsv");

/// Packages by name, each with what it depends on.
pub(super) type Set = BTreeSet<&'static str>;

/// Its name, its bytes, and what it depends on.
fn row(name: &str) -> Option<(&'static str, u64, &'static str)> {
    let mut cells = tables::lines(PACKAGES, name).next()?.split('\t');
    Some((cells.next()?, cells.next()?.parse().ok()?, cells.next()?))
}

/// Adds a package and all that it depends on; the bytes of those that were not there.
fn add(name: &str, there: &mut Set) -> u64 {
    let (mut bytes, mut waiting) = (0, vec![name.to_string()]);
    while let Some(name) = waiting.pop() {
        let Some((name, own, needs)) = row(&name) else { continue };
        if there.insert(name) {
            bytes += own;
            waiting.extend(needs.split_whitespace().map(str::to_string));
        }
    }
    bytes
}

/// What a base image on Alpine brings beside Alpine itself.
pub(super) fn base(image: &ImageRef) -> Set {
    let mut there = Set::new();
    if image.tag.as_ref().is_some_and(|tag| tag.text.contains("alpine")) {
        add(&format!(":{}", canonical_name(&image.name())), &mut there);
    }
    there
}

/// The name under which `apk add` puts its packages together: `--virtual .build`, `-t .build`.
fn virtual_name(cmd: &ShellCommand) -> Option<String> {
    let short = || {
        let at = cmd.args.iter().position(|arg| arg.text == "-t")?;
        cmd.args.get(at + 1).map(|arg| arg.text.clone())
    };
    cmd.flag_value("--virtual").or_else(short)
}

/// What `apk del` of the same RUN takes away again.
fn deleted(script: &Script) -> Vec<&str> {
    let deletes = script.commands.iter().filter(|cmd| cmd.name.text == "apk" && !cmd.conditional);
    let operands = deletes.flat_map(|cmd| {
        let mut words = cmd.args.iter().map(|arg| arg.text.as_str()).filter(|word| !word.starts_with('-'));
        let is_del = words.next() == Some("del");
        words.filter(move |_| is_del)
    });
    operands.collect()
}

impl Run<'_, '_> {
    pub fn apk(&mut self, index: usize, cmd: &ShellCommand, action: Action) {
        if action != Action::Install {
            return self.unknown_packages(index, "apk", action);
        }
        let gone = deleted(self.script);
        if virtual_name(cmd).is_some_and(|name| gone.contains(&name.as_str())) {
            return;
        }
        let installs = self.step.installs.iter().filter(|install| install.command == index);
        let names: Vec<&str> = installs
            .flat_map(|install| &install.packages)
            .map(|package| package.name.as_str())
            .filter(|name| !gone.contains(name))
            .collect();
        let (known, missing): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| row(name).is_some());
        let before = self.ground.apks.len();
        let bytes: u64 = known.iter().map(|name| add(name, &mut self.ground.apks)).sum();
        if bytes > 0 {
            let more = (self.ground.apks.len() - before).saturating_sub(known.len());
            let needed = if more > 0 { format!(" and {} they need", counted(more)) } else { String::new() };
            let what = format!("apk packages {}{needed}", listed(&known));
            // The table is of Alpine 3.24. Older compilers are smaller, and small things may be missing.
            self.add(Part::new(Kind::Packages, what, about(bytes, 0.6, 1.3, Basis::Estimated)), None);
        }
        if !missing.is_empty() {
            let what = format!("apk packages {}", listed(&missing));
            self.add(Part { kind: Kind::Packages, ..Part::unknown(what) }, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dependency_is_a_row() {
        for line in PACKAGES.lines().skip(1) {
            for need in line.split('\t').nth(2).unwrap_or_default().split_whitespace() {
                assert!(row(need).is_some(), "{need} of {line}");
            }
        }
    }

    #[test]
    fn sums_are_those_that_apk_told() {
        // MiB that `apk add` told, less what its base has: Alpine 3.24 with 8.0, node:alpine with 10.8.
        for (names, base, told) in [
            (&["git"][..], ":golang", 20.6 - 8.2),
            (&["python3", "make", "g++"], ":node", 301.4 - 10.8),
            (&["curl"], ":golang", 5.0),
        ] {
            let mut there = Set::new();
            add(base, &mut there);
            let bytes: u64 = names.iter().map(|name| add(name, &mut there)).sum();
            let mib = bytes as f64 / f64::from(1 << 20);
            assert!((mib / told - 1.0).abs() < 0.06, "{names:?}: {mib:.1} against {told:.1}");
        }
    }
}

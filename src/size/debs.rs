//! Debian's packages with all that they depend on: rules/tables/deb_packages.tsv, one line per package, dependencies as
//! line numbers. Nothing is read before a file installs something with apt.

use std::sync::OnceLock;

use crate::model::tables;

pub(super) static PACKAGES: &str = include_str!("../../rules/tables/deb_packages.tsv");
pub(super) static BROUGHT: &str = include_str!("../../rules/tables/base_packages.tsv");

/// Where each line begins, the head line left out.
static LINES: OnceLock<Vec<u32>> = OnceLock::new();

fn lines() -> &'static [u32] {
    LINES.get_or_init(|| {
        let mut starts: Vec<u32> = memchr::memchr_iter(b'\n', PACKAGES.as_bytes()).map(|at| at as u32 + 1).collect();
        starts.pop();
        starts
    })
}

fn line(number: usize) -> &'static str {
    let start = lines().get(number).map_or(PACKAGES.len(), |start| *start as usize);
    PACKAGES.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

/// The line of a package.
fn number(name: &str) -> Option<usize> {
    let key = |start: &u32| {
        let rest = PACKAGES.get(*start as usize..).unwrap_or_default();
        rest.split('\t').next().unwrap_or_default()
    };
    lines().binary_search_by(|start| key(start).cmp(name)).ok()
}

/// Packages that are installed together: a set of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set {
    bits: Vec<u64>,
}

impl Set {
    /// False when it was there already.
    fn insert(&mut self, number: usize) -> bool {
        let (word, bit) = (number / 64, 1_u64 << (number % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        match self.bits.get_mut(word) {
            Some(bits) if *bits & bit == 0 => {
                *bits |= bit;
                true
            }
            _ => false,
        }
    }

    fn has(&self, number: usize) -> bool {
        self.bits.get(number / 64).is_some_and(|bits| bits & (1 << (number % 64)) != 0)
    }

    fn numbers(&self) -> impl Iterator<Item = usize> + '_ {
        let bit = |(word, bits): (usize, &u64)| {
            let bits = *bits;
            (0..64).filter(move |bit| bits & (1 << bit) != 0).map(move |bit| word * 64 + bit)
        };
        self.bits.iter().enumerate().flat_map(bit)
    }

    pub fn len(&self) -> usize {
        self.bits.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    pub fn add(&mut self, other: &Set) {
        for number in other.numbers() {
            self.insert(number);
        }
    }

    /// What is in this one and not in the other.
    pub fn without(&self, other: &Set) -> Set {
        let mut left = Set::default();
        for number in self.numbers().filter(|number| !other.has(*number)) {
            left.insert(number);
        }
        left
    }

    /// Without these packages themselves; what they brought stays.
    pub fn without_named(&self, names: &[&str]) -> Set {
        let mut gone = Set::default();
        for number in names.iter().filter_map(|name| number(name)) {
            gone.insert(number);
        }
        self.without(&gone)
    }
}

/// Bytes of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    pub disk: u64,
    /// Of the .deb files.
    pub debs: u64,
}

/// The package is in the table, or in every Debian image.
pub(super) fn known(name: &str) -> bool {
    number(name).is_some() || brought("debian").any(|package| package == name)
}

/// The packages with everything that they depend on, and what is recommended too where that is wanted; without what is
/// there already.
pub(super) fn closure<'n>(names: impl Iterator<Item = &'n str>, recommends: bool, there: &Set) -> Set {
    let mut found = Set::default();
    let mut waiting: Vec<usize> = names.filter_map(number).collect();
    while let Some(number) = waiting.pop() {
        if there.has(number) || !found.insert(number) {
            continue;
        }
        let mut cells = line(number).split('\t').skip(4);
        let numbers = |cell: Option<&str>, waiting: &mut Vec<usize>| {
            waiting.extend(cell.unwrap_or_default().split(' ').filter_map(|number| number.parse::<usize>().ok()));
        };
        numbers(cells.next(), &mut waiting);
        if recommends {
            numbers(cells.next(), &mut waiting);
        }
    }
    found
}

/// The package comes along only because one of these, or one that they need, recommends it.
pub(super) fn merely_recommends(names: &[&str], package: &str) -> bool {
    let there = Set::default();
    let Some(package) = number(package) else { return false };
    let comes = |recommends| closure(names.iter().copied(), recommends, &there).has(package);
    comes(true) && !comes(false)
}

/// The packages without anything else.
pub(super) fn only<'n>(names: impl Iterator<Item = &'n str>) -> Set {
    let mut found = Set::default();
    names.filter_map(number).for_each(|number| {
        found.insert(number);
    });
    found
}

/// `slim`: without documentation, manuals and locales, which the slim images keep out.
pub(super) fn weigh(set: &Set, slim: bool) -> Bytes {
    let mut sum = Bytes::default();
    for number in set.numbers() {
        let mut cells = line(number).split('\t').skip(1).map(|cell| cell.parse::<u64>().unwrap_or(0) * 1000);
        let (full, small, deb) = (cells.next(), cells.next(), cells.next());
        sum.disk += if slim { small } else { full }.unwrap_or(0);
        sum.debs += deb.unwrap_or(0);
    }
    sum
}

/// Names of the packages that an image has beside those of plain Debian, by a key of base_packages.tsv: `golang`,
/// `python-slim`. A word with a colon stands for another key.
fn brought(key: &str) -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    let mut keys = vec![key.to_string()];
    while let Some(key) = keys.pop() {
        let cell = tables::lines(BROUGHT, &key).next().and_then(|line| line.split('\t').nth(1)).unwrap_or_default();
        for word in cell.split_whitespace() {
            match word.strip_prefix(':') {
                Some(other) => keys.push(other.to_string()),
                None => names.push(word),
            }
        }
    }
    names.into_iter()
}

/// What the image has, dependencies included. Nothing for an image without a row.
pub(super) fn base(name: &str, tag: &str) -> Set {
    let variant = tag.split('-').find(|part| matches!(*part, "slim" | "scm" | "curl"));
    let key = variant.map_or_else(|| name.to_string(), |variant| format!("{name}-{variant}"));
    closure(brought(&key), false, &Set::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn megabytes(names: &[&str], recommends: bool, there: &Set) -> u64 {
        weigh(&closure(names.iter().copied(), recommends, there), true).disk / 1_000_000
    }

    #[test]
    fn packages_come_with_what_they_depend_on_and_once() {
        let none = Set::default();
        assert_eq!(closure(["curl", "ca-certificates"].into_iter(), false, &none).len(), 18);
        let (curl, git) = (megabytes(&["curl"], false, &none), megabytes(&["git"], false, &none));
        let both = megabytes(&["curl", "git"], false, &none);
        assert!(git < both && both < curl + git, "{curl} {git} {both}");
        assert!(megabytes(&["git"], true, &none) > git);
    }

    #[test]
    fn what_the_base_has_costs_nothing_again() {
        assert_eq!(megabytes(&["git", "gcc", "curl", "make"], false, &base("golang", "1.22")), 0);
        assert!(megabytes(&["git"], false, &base("python", "3.12-slim")) > 10);
    }

    #[test]
    fn names_are_found_or_not() {
        assert!(known("curl") && known("bash") && known("g++"));
        assert!(!known("no-such-package") && !known(""));
    }

    #[test]
    fn every_dependency_is_a_line() {
        for number in 0..lines().len() {
            for cell in line(number).split('\t').skip(4).take(2) {
                for other in cell.split(' ').filter(|cell| !cell.is_empty()) {
                    assert!(other.parse::<usize>().is_ok_and(|other| other < lines().len()), "{}", line(number));
                }
            }
        }
    }
}

//! What a package tells by itself, whatever else the program has: its needs and its strings. Packages tell it side by
//! side, on every core; what the program makes of it depends on their order.

use std::collections::{BTreeMap, HashSet};

use foldhash::fast::RandomState;

use super::super::source::GoFile;
use super::super::{Embed, Need, NeedKind, Place, foreign, needs};
use super::{Read, Reader};
use crate::context::tree::join;
use crate::text::Text;

/// What a package tells by itself, whatever else the program has; nothing where only the links are wanted.
#[derive(Default)]
pub(super) struct Told {
    needs: Vec<Need>,
    embeds: Vec<Embed>,
    strings: Vec<(Text, Place)>,
    parts: Vec<(Text, Place)>,
    /// What each file of a package of others needs, and whether it speaks TLS.
    foreign: Vec<(Vec<Need>, bool)>,
    foreign_strings: Vec<(Text, Place)>,
}

impl Reader<'_> {
    pub(super) fn told(&self, dir: &str, files: &[Read]) -> Told {
        if self.is_foreign(dir) { self.foreign_needs(dir, files) } else { needs_of(dir, files) }
    }

    /// What a package of others reads and starts by itself. Of those in the table it is known.
    fn foreign_needs(&self, dir: &str, files: &[Read]) -> Told {
        let mut told = Told::default();
        if self.facts(&self.import_path(dir)).is_some() {
            return told;
        }
        let constants = constants(files);
        let constant = |name: &str| constants.get(name).copied().flatten().map(String::from);
        for read in files {
            let found = foreign::of_file(&read.file, &read.shown, &constant);
            let tls = ["crypto/tls", "crypto/x509", "net/http"].iter().any(|path| read.file.imports(path));
            told.foreign.push((found, tls));
            if foreign::reads_files(&read.file) {
                let strings = read.file.strings.iter().filter(|(text, _)| foreign::is_file_path(text));
                let place = |line: u32| Place { file: read.shown.clone(), line };
                told.foreign_strings.extend(strings.map(|(text, line)| (text.clone(), place(*line))));
            }
        }
        told
    }

    /// Takes over what a package told.
    pub(super) fn add(&mut self, told: Told, dir: &str, files: &[Read]) {
        self.program.needs.extend(told.needs);
        self.program.embeds.extend(told.embeds);
        for (text, place) in told.strings {
            self.strings.entry(text).or_insert(place);
        }
        for (text, place) in told.parts {
            self.parts.entry(text).or_insert(place);
        }
        if told.foreign.is_empty() {
            return;
        }
        let package = self.import_path(dir);
        let certificates = |need: &Need| need.kind == NeedKind::CaCertificates;
        for ((needs, tls), read) in told.foreign.into_iter().zip(files) {
            self.foreign_certificates |= needs.iter().any(certificates);
            self.foreign.extend(needs.into_iter().map(|need| (package.clone(), need)));
            if tls && !self.foreign_certificates {
                self.foreign_certificates = true;
                let (kind, place) = (NeedKind::CaCertificates, Some(Place { file: read.shown.clone(), line: 1 }));
                let why = format!("import of {package}");
                self.foreign
                    .push((package.clone(), Need { kind, place, why, literal: false, is_path: false, argument: None }));
            }
        }
        let strings = told.foreign_strings.into_iter().map(|(text, place)| (package.clone(), text, place));
        self.foreign_strings.extend(strings);
    }
}

/// What a package of the program's own needs, and its strings: of each the first place.
fn needs_of(dir: &str, files: &[Read]) -> Told {
    let constants = constants(files);
    let constant = |name: &str| constants.get(name).copied().flatten().map(String::from);
    let named: Vec<(&GoFile, &str)> = files.iter().map(|read| (&*read.file, read.shown.as_str())).collect();
    let mut told = Told { needs: needs::viper(&named, &constant), ..Told::default() };
    type Seen<'t> = HashSet<&'t str, RandomState>;
    let (mut strings, mut apart, mut seen) = (Seen::default(), Seen::default(), Seen::default());
    for read in files {
        told.needs.extend(needs::of_file(&read.file, &read.shown, &constant));
        let place = |line: u32| Place { file: read.shown.clone(), line };
        for (pattern, line) in &read.file.embeds {
            let path = join(dir, pattern);
            told.embeds.push(Embed { pattern: pattern.clone(), path, place: place(*line) });
        }
        for (text, line) in &read.file.strings {
            // A string that was taken apart once has the same parts the next time.
            if !apart.insert(text.as_str()) {
                continue;
            }
            for part in parts(text).filter(|part| seen.insert(*part)) {
                told.parts.push((part.into(), place(*line)));
            }
            for value in std::iter::once(text.as_str()).chain(tag_values(text)) {
                if strings.insert(value) {
                    told.strings.push((value.into(), place(*line)));
                }
            }
        }
    }
    told
}

/// The texts of a package's constants; `None` where a name may be another one's.
fn constants(files: &[Read]) -> BTreeMap<&str, Option<&str>> {
    let mut constants: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for (name, value) in files.iter().flat_map(|read| &read.file.constants) {
        // Two constants of one name are in different functions; which one is meant is not known.
        let known = constants.entry(name).or_insert(Some(value));
        if *known != Some(value.as_str()) {
            *known = None;
        }
    }
    for (name, known) in &mut constants {
        if files.iter().any(|read| read.file.has_variable(name)) {
            *known = None;
        }
    }
    constants
}

/// The values of a struct tag: `env:"SECRET_FILE,file" envDefault:"secret.txt"`. Libraries read files that tags name.
fn tag_values(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.contains(":\"").then(|| text.split('"').skip(1).step_by(2));
    quoted.into_iter().flatten().flat_map(|value| value.split(',')).filter(|value| !value.is_empty())
}

/// What of a string may be a path: `sslrootcert=certs/ca.pem`, `LOAD DATA INFILE 'seed/users.csv'`, and the directory
/// of `mail/%s.png` and of `locales/*/*`. One word of a sentence is none: a part has a slash or a dot.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let cut = |c: char| c.is_whitespace() || "=&;?,:'\"`()<>|".contains(c);
    let split = text.len() < 4000 && text.contains(|c: char| cut(c) || c == '%' || c == '*');
    let words = split.then(|| text.split(cut)).into_iter().flatten();
    words
        .map(|word| match word.find(['%', '*']) {
            Some(at) => word.get(..at).and_then(|head| head.rfind('/').and_then(|end| head.get(..end))).unwrap_or(""),
            None => word.strip_prefix("//").unwrap_or(word).trim_end_matches('.'),
        })
        .zip(text.split(cut))
        .filter(|(part, word)| part.len() > 1 && (word.contains('/') || part.contains('.')))
        .map(|(part, _)| part)
}

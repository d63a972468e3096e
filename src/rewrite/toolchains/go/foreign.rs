//! What packages of others do by themselves: the programs and files that their own code names, and which of that the
//! program can reach.

use std::collections::BTreeSet;

use super::reach::{self, Source};
use super::source::GoFile;
use super::{Need, NeedKind, Place, needs};
use crate::text::Text;

/// A need, and the package that has it.
pub(super) type Found = (String, Need);

/// What a file of a package of others needs by itself: a path or a program that is computed is its caller's to name.
pub(super) fn of_file(file: &GoFile, shown: &str, constant: &dyn Fn(&str) -> Option<String>) -> Vec<Need> {
    let mut out = needs::of_functions(file, shown, constant);
    for found in &file.uses {
        let asks = match found.package.as_deref() {
            Some("go/build") | None if file.imports("go/build") => {
                matches!(found.name.as_str(), "Import" | "ImportDir")
            }
            Some("go/importer") => true,
            _ => false,
        };
        if asks {
            let place = Some(Place { file: shown.to_string(), line: found.line });
            let (kind, why) = (NeedKind::Program("go".into()), format!("{} asks the toolchain", found.name));
            out.push(Need { kind, place, why, literal: false, is_path: false, argument: None });
        }
    }
    out.retain_mut(|need| match &need.kind {
        NeedKind::Unknown(what) if !need.is_path => {
            need.kind = NeedKind::MayStart(format!("{what} is computed"));
            true
        }
        NeedKind::DataFile(path) | NeedKind::WritablePath(path) => need.literal || path.starts_with('/'),
        // Its caller may be told the path by a variable: that matters where files are left to be found.
        NeedKind::Unknown(_) => !needs::writes_somewhere(need),
        NeedKind::MayRead(_) => false,
        _ => true,
    });
    system_strings(&file.strings, shown, &mut out, reads_files(file));
    out
}

pub(super) fn reads_files(file: &GoFile) -> bool {
    ["os", "io/ioutil", "path/filepath"].iter().any(|path| file.imports(path))
}

/// `conf/app.toml`, `./views`: what a library that knows its program's layout may read.
pub(super) fn is_file_path(text: &str) -> bool {
    let plain = text.len() < 100 && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+".contains(c));
    let inner = text.trim_start_matches("./");
    let here = !text.starts_with('.') || text.starts_with("./");
    plain && here && (inner.contains('/') || inner.trim_matches('.').contains('.'))
}

/// Paths of the system among the strings of a file that reads paths which are computed: the list of directories that
/// fonts are looked for in, say.
pub(super) fn system_strings(strings: &[(Text, u32)], shown: &str, out: &mut Vec<Need>, reads: bool) {
    const PLACES: &[&str] = &["/etc/", "/opt/", "/srv/", "/usr/lib/", "/usr/local/share/", "/usr/share/", "/var/lib/"];
    const BUNDLES: &[&str] =
        &["/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"];
    for (text, line) in strings.iter().filter(|_| reads) {
        // `/usr/share/%s/words`: something below that directory.
        let text = match text.split_once('%').and_then(|(head, _)| head.rsplit_once('/')) {
            Some((dir, _)) => dir,
            None => text.as_str(),
        };
        let odd = |c: char| c.is_whitespace() || c.is_control() || "%:*?{}<>|;,\"'$".contains(c);
        let known = |need: &Need| match &need.kind {
            NeedKind::DataFile(path) | NeedKind::WritablePath(path) | NeedKind::Program(path) => path == text,
            _ => false,
        };
        let below = |place: &&&str| {
            text.len() > place.len() && text.starts_with(**place) || text == place.trim_end_matches('/')
        };
        if !PLACES.iter().any(|place| below(&place)) || text.contains(odd) {
            continue;
        }
        if text.len() > 200 || out.iter().any(known) {
            continue;
        }
        let kind = match text {
            path if path.contains("zoneinfo") || path == "/etc/localtime" => NeedKind::TimeZones,
            path if BUNDLES.contains(&path) || path.starts_with("/etc/pki/") => NeedKind::CaCertificates,
            path if path.contains("mime") => NeedKind::MimeTypes,
            path => NeedKind::DataFile(path.to_string()),
        };
        let place = Some(Place { file: shown.to_string(), line: *line });
        out.push(Need {
            kind,
            place,
            why: format!("the string {text:?} names it"),
            literal: false,
            is_path: false,
            argument: None,
        });
    }
}

/// Of what was found, that which the program can reach; `sources` are all files of the program.
pub(super) fn only_reached(found: Vec<Found>, sources: &dyn Fn() -> Vec<Source>) -> Vec<Found> {
    let matters = |need: &Need| {
        matches!(
            need.kind,
            NeedKind::Program(_)
                | NeedKind::Shell
                | NeedKind::MayStart(_)
                | NeedKind::Perhaps(..)
                | NeedKind::MayRead(_)
                | NeedKind::Unknown(_)
                | NeedKind::DataFile(_)
                | NeedKind::WritablePath(_)
                | NeedKind::Accounts
        )
    };
    let reached = found.iter().any(|(_, need)| matters(need)).then(|| reach::reached(&sources()));
    let mut seen = BTreeSet::new();
    let mut left = Vec::new();
    for (package, need) in found {
        let here = reached.as_ref().zip(need.place.as_ref()).is_none_or(|(reached, at)| reached.has(&at.file, at.line));
        // One place of each kind in a package is enough.
        if (here || !matters(&need)) && seen.insert((package.clone(), need.kind.clone())) {
            left.push((package, need));
        }
    }
    left
}

//! What the string literals of a file show by themselves.

use super::super::source::GoFile;
use super::super::{Need, NeedKind, Place};

/// `https://…` speaks of TLS, `file://migrations` of a directory.
pub(super) fn strings(file: &GoFile, shown: &str, out: &mut Vec<Need>) {
    let mut https = false;
    for (text, line) in &file.strings {
        let place = || Some(Place { file: shown.to_string(), line: *line });
        if text.starts_with("https://") && !https {
            https = true;
            let kind = NeedKind::CaCertificates;
            out.push(Need {
                kind,
                place: place(),
                why: format!("{text:?}"),
                literal: false,
                is_path: false,
                argument: None,
            });
        }
        if let Some(path) = text.strip_prefix("file://") {
            let kind = match path {
                "" => NeedKind::Unknown("the path behind `file://`".into()),
                _ => NeedKind::DataFile(path.to_string()),
            };
            let literal = !path.is_empty();
            out.push(Need {
                kind,
                place: place(),
                why: format!("{text:?}"),
                literal,
                is_path: !literal,
                argument: None,
            });
        }
    }
}

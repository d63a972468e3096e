//! What a path means for the final image that a call is given.

use super::super::trace::Value;
use super::super::{NeedKind, Usage, started};
use crate::context::dockerignore::clean;

/// What a call does that is given this path: kind, whether a literal says so, and the path for messages. Nothing is known
/// of a path that goes on with something computed and may lead anywhere; `climbs` where texts of the program lead out of
/// directories. One under /proc, /sys or /dev is there in every container.
pub(in super::super) fn of_value(value: &Value, usage: Usage, climbs: bool) -> Option<Vec<(NeedKind, bool, String)>> {
    let text = value.text.as_str();
    let writes = usage != Usage::Reads;
    if text.contains(super::super::trace::SELF) {
        return None;
    }
    if is_of_the_kernel(text) {
        return Some(Vec::new());
    }
    let of_temp = |text: &str| text.strip_prefix("/tmp").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if value.exact {
        let memory = |text: &str| text.contains(":memory:") || text.contains("mode=memory");
        let path = match usage {
            Usage::Database if memory(text) => "",
            Usage::Database => text.strip_prefix("file:").unwrap_or(text).split('?').next().unwrap_or(text),
            _ if started::is_address(text) => "",
            _ => text,
        };
        let kind = match usage {
            _ if path.is_empty() => return Some(Vec::new()),
            Usage::Writes if of_temp(path) => NeedKind::TempDir,
            Usage::Writes | Usage::Database => NeedKind::WritablePath(path.to_string()),
            Usage::Reads => NeedKind::DataFile(path.to_string()),
        };
        return Some(vec![(kind, true, text.to_string())]);
    }
    let shown = if text.ends_with('/') { format!("{}/…", text.trim_end_matches('/')) } else { format!("{text}…") };
    if writes && text.starts_with("/tmp/") {
        return Some(vec![(NeedKind::TempDir, false, shown)]);
    }
    let dir = text.rsplit_once('/').map(|(dir, _)| if dir.is_empty() { "/" } else { dir });
    // What is below that directory: carried, in the base, or not there at all.
    if text.starts_with('/') && !writes {
        return Some(vec![(NeedKind::DataFile(dir.unwrap_or("/").to_string()), false, shown)]);
    }
    let inner = clean(dir?);
    if climbs
        || matches!(inner.as_str(), "." | "/")
        || inner.split('/').next() == Some("..")
        || usage == Usage::Database
    {
        return None;
    }
    let mut found = vec![(NeedKind::DataFile(inner.clone()), false, shown.clone())];
    if writes {
        found.push((NeedKind::WritablePath(format!("{inner}/…")), false, shown));
    }
    Some(found)
}

/// Below a directory that every container gets from the engine.
pub(super) fn is_of_the_kernel(path: &str) -> bool {
    !path.contains("..") && ["/proc/", "/sys/", "/dev/"].iter().any(|top| path.starts_with(top))
}

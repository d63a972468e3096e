//! What a build says of cgo beside CGO_ENABLED: how it links, and that it wants C code.

use super::build::{Scene, setting};
use super::{GoBuild, Ldflags, Setting, StaticForced};
use crate::shell::ShellCommand;

/// Why the author wants cgo: the build fails without it, or makes another program without a word.
pub(super) fn wants_cgo(build: &GoBuild, command: &ShellCommand, scene: &Scene<'_>) -> Option<String> {
    let flags = build.ldflags.as_ref().map_or("", |flags| flags.text.as_str());
    if flags.contains("linkmode external") || flags.contains("linkmode=external") {
        return Some("-linkmode external links with the C compiler".into());
    }
    let is_set = |name: &str| match setting(name, command, scene) {
        Setting::To(value) => !matches!(value.as_str(), "" | "0"),
        Setting::Unset => false,
        Setting::Unknown => true,
    };
    if let Some(name) = ["GO_EXTLINK_ENABLED", "GOLANG_FIPS"].into_iter().find(|name| is_set(name)) {
        return Some(format!("{name} is set"));
    }
    const MODULES: [&str; 4] = ["boringcrypto", "systemcrypto", "opensslcrypto", "cngcrypto"];
    match setting("GOEXPERIMENT", command, scene) {
        Setting::To(value) if MODULES.iter().any(|module| value.contains(module)) => {
            Some(format!("GOEXPERIMENT={value} takes its cryptography from C code"))
        }
        Setting::Unknown => Some("GOEXPERIMENT may ask for cryptography from C code".into()),
        _ => build.tags.iter().find(|tag| tag.contains("fips")).map(|tag| format!("the tag {tag} asks for cgo")),
    }
}

pub(super) fn static_forced(ldflags: Option<&Ldflags>, tags: &[String]) -> StaticForced {
    let has = |wanted: &str| tags.iter().any(|tag| tag == wanted);
    let text = ldflags.map_or("", |flags| flags.text.as_str());
    let linker = text.contains("extldflags") && text.split(['"', '\'', ' ', '=']).any(|word| word == "-static");
    let external = text.contains("linkmode external") || text.contains("linkmode=external");
    match (linker, external) {
        (true, true) => StaticForced::Linker,
        _ if has("netgo") && has("osusergo") => StaticForced::Tags,
        (true, false) => StaticForced::LinkerPerhaps,
        _ => StaticForced::No,
    }
}

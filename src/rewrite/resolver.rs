//! Who looks names of hosts and users up: Go itself, or the C library, which the file may have given modules and
//! configuration for that.

use super::effects::Kind;
use super::link::Builder;
use super::needs::{Claim, Shown, place};
use super::toolchains::go::source::asks_c_resolver;
use super::toolchains::go::{GoBuild, Program};
use crate::model::{Model, Package, Stage, Step};
use crate::text::Span;

const SWITCH: &str = "/etc/nsswitch.conf";

/// Variables with which Go leaves names to the C library.
const ASKS: &[&str] = &["HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS"];

/// The file configures how the C library looks names up, so somebody wants it there. Asked by rules that turn cgo off
/// in files of any shape.
pub fn configures_c_library(text: &str, model: &Model) -> bool {
    let installs = |package: &Package| package.name.starts_with("libnss-") || package.name == "libpam-ldapd";
    let sets = |stage: &Stage| stage.config.env.iter().any(|(name, _)| ASKS.contains(&name.as_str()));
    let steps = || model.stages.iter().flat_map(|stage| &stage.steps);
    let packages = |step: &Step| step.installs.iter().flat_map(|install| &install.packages).any(installs);
    model.stages.iter().any(sets)
        || steps().any(packages)
        || text.lines().any(|line| line.contains("nsswitch.conf") && asks_modules(line))
}

/// A package of such modules, or an nsswitch.conf that names some.
pub(super) fn modules_of_names(builder: &Builder<'_, '_>) -> Option<Claim> {
    for effect in builder.effects {
        match &effect.kind {
            Kind::Install(install) => {
                let module = |name: &str| name.starts_with("libnss-") || name == "libpam-ldapd";
                if let Some(package) = install.packages.iter().find(|package| module(&package.name)) {
                    let text = format!("{} is for names that only the C library looks up", package.name);
                    return Some(Claim::at(text, effect.cmd.span));
                }
            }
            Kind::Write(paths)
                if paths.iter().any(|path| path == SWITCH)
                    && asks_modules(builder.case.source.slice(effect.cmd.span)) =>
            {
                return Some(Claim::at("nsswitch.conf names modules of the C library", effect.cmd.span));
            }
            _ => {}
        }
    }
    let tree = builder.case.tree()?;
    let text = tree.is_file(SWITCH).then(|| tree.read(SWITCH)).flatten()?;
    asks_modules(&text).then(|| {
        let shown = Shown { span: None, file: Some((tree.shown(SWITCH), 1)) };
        Claim { text: "nsswitch.conf names modules of the C library".into(), shown }
    })
}

/// Names of hosts, users or groups come from elsewhere than from files and DNS. Text that sets none of them may do
/// anything.
fn asks_modules(text: &str) -> bool {
    let mut known = false;
    for key in ["hosts:", "passwd:", "group:"] {
        for (at, _) in text.match_indices(key) {
            known = true;
            let rest = text.get(at + key.len()..).unwrap_or("");
            let value = rest.split(['\n', '"', '\'', '>', '#', '\\']).next().unwrap_or("");
            let plain = |word: &str| {
                matches!(word, "files" | "dns" | "compat" | "systemd")
                    || word.starts_with(['[', '!'])
                    || word.ends_with(']')
            };
            if !value.split_whitespace().all(plain) {
                return true;
            }
        }
    }
    !known
}

/// The author wants names to be looked up by the C library: GODEBUG=netdns=cgo, or the build tag netcgo.
pub(super) fn c_resolver(builder: &Builder<'_, '_>, go: &GoBuild, program: Option<&Program>) -> Option<Claim> {
    let says = "netdns=cgo asks for the resolver of the C library";
    if go.tags.iter().any(|tag| tag == "netcgo") {
        return Some(Claim::at("the tag netcgo asks for the resolver of the C library", go.span));
    }
    if let Some(found) = program.and_then(|program| program.c_resolver.as_ref()) {
        return Some(Claim { text: says.into(), shown: Shown { span: None, file: place(Some(found)) } });
    }
    if let Some(at) = asks_c_resolver(&builder.case.source.text) {
        return Some(Claim::at(says, Span::new(at as u32, at as u32 + 7)));
    }
    if let Some((name, _)) = builder.case.stage.config.env.iter().find(|(name, _)| ASKS.contains(&name.as_str())) {
        let text = format!("with {name} set Go asks the resolver of the C library");
        return Some(Claim::at(text, builder.case.base_span()));
    }
    // An entrypoint script, or a file of variables that one reads.
    let tree = builder.case.tree()?;
    let sets = |path: &str| {
        let name = super::paths::base_name(path);
        let script = ["entrypoint", "init", "run", "start"].iter().any(|word| name.contains(word));
        let here = !path.contains("/vendor/") && !path.contains("/.git/");
        here && (name.ends_with(".sh") || name.ends_with(".env") || (script && !name.contains('.')))
    };
    tree.under("/").map(|(path, _)| path).filter(|path| sets(path)).find_map(|path| {
        let text = tree.read(path)?;
        let line = text.lines().position(|line| asks_c_resolver(line).is_some())? as u32 + 1;
        Some(Claim { text: says.into(), shown: Shown { span: None, file: Some((tree.shown(path), line)) } })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_nsswitch() {
        for (text, want) in [
            ("hosts: files dns", false),
            ("[ ! -e /etc/nsswitch.conf ] && echo 'hosts: files dns' > /etc/nsswitch.conf", false),
            ("passwd:         files\ngroup: files\nhosts: files [!UNAVAIL=return] dns # mdns\n", false),
            ("hosts: files mdns4_minimal [NOTFOUND=return] dns", true),
            ("passwd: files ldap\n", true),
            ("sed -i s/files/sss/ /etc/nsswitch.conf", true),
        ] {
            assert_eq!(asks_modules(text), want, "{text}");
        }
    }
}

//! What the final image has of a system that no instruction of the file put there: certificates, time zones, /tmp.

use super::Tier;
use super::case::Case;
use super::effects::{Effect, Kind};
use super::layout::{Parts, is_root};
use super::needs::{Claim, Needs, Shown};
use super::placed::{BUNDLE, CERTIFICATES, certificates, is_gone};
use super::presence::Image;
use super::releases::{Family, Ground};
use super::render::StageCopy;

/// Which Content-Type a file server answers with, by the file's extension.
pub(super) const MIME_TYPES: &str = "/etc/mime.types";

/// Certificates, time zones and the like, where the final base lacks what the old one had.
pub(super) fn files(parts: &Parts<'_, '_>) -> Vec<StageCopy> {
    let case = parts.case;
    let needs = parts.needs;
    let tier = parts.choice.tier;
    // A path that the builder does not have would break the build.
    let golang = parts.ground.is_some_and(|ground| ground.golang);
    let has_bundle = golang || case.stage.facts.as_ref().is_some_and(|facts| facts.ca_certificates);
    let mut paths: Vec<&str> = Vec::new();
    // Not disproved: whatever was not read may want it.
    let perhaps = !needs.is_complete() || needs.stated || !needs.unread.is_empty();
    // Alpine's /etc/ssl/cert.pem is a link to the bundle.
    let trust = parts.effects.iter().any(|effect| match &effect.kind {
        Kind::TrustStore => true,
        Kind::Write(paths) => paths.iter().any(|path| path == "/etc/ssl/cert.pem"),
        _ => false,
    });
    let lacks_certificates = match tier {
        Tier::Distroless => false,
        Tier::Scratch => true,
        _ => {
            let leaves_base = parts.ground.is_some_and(|ground| ground.toolchain_image);
            leaves_base && !parts.ground.is_some_and(Ground::slim_has_certificates)
        }
    };
    let repeated = |name: &str| {
        let installs = |effect: &Effect<'_>| match &effect.kind {
            Kind::Install(install) => install.packages.iter().any(|package| package.name == name),
            _ => false,
        };
        let added = parts.choice.packages.iter().any(|package| package == name);
        tier <= Tier::SameDistro && (added || parts.effects.iter().any(installs))
    };
    let wanted = perhaps || needs.certificates.is_some() || !needs.programs.is_empty();
    let installed = parts.effects.iter().any(|effect| match &effect.kind {
        Kind::Install(install) => install.packages.iter().any(|package| package.name == CERTIFICATES),
        _ => false,
    });
    if trust || (lacks_certificates && (has_bundle || installed) && !repeated(CERTIFICATES) && wanted) {
        paths.push(BUNDLE);
    }
    let zones = perhaps || needs.time_zones.is_some();
    let lacks_zones = match tier {
        Tier::Distroless => false,
        Tier::Scratch => true,
        _ => golang && !parts.ground.is_some_and(Ground::slim_has_tzdata),
    };
    let package = parts.choice.packages.iter().any(|name| name == "tzdata");
    if zones && lacks_zones && golang && !repeated("tzdata") && !package {
        // Where the time package looks last: in the toolchain that built the program.
        paths.push("/usr/local/go/lib/time/zoneinfo.zip");
    }
    // Mercurial brings Python to the golang images, and that brings the list; no slim image has it. distroless does.
    let listed = golang && parts.ground.is_some_and(|ground| ground.family == Family::Debian);
    if needs.mime_types.is_some() && tier != Tier::Distroless && listed && !removes_packages(parts) {
        paths.push(MIME_TYPES);
    }
    if tier == Tier::Scratch && (perhaps || needs.temp_dir.is_some()) {
        paths.push("/tmp");
    }
    for local in ["/etc/localtime", "/etc/timezone"] {
        let written = parts.effects.iter().any(|effect| match &effect.kind {
            Kind::Write(paths) => paths.iter().any(|path| path == local),
            _ => false,
        });
        let dangles = super::symlinks::zone_is_missing(&parts.image(), local);
        if written && !dangles && tier >= Tier::Distroless {
            paths.push(local);
        }
    }
    let own = if tier == Tier::SameDistroTree { Vec::new() } else { certificates(case, parts.effects) };
    paths.extend(own.iter().map(String::as_str));
    let mut seen: Vec<&str> = Vec::new();
    paths.retain(|path| {
        let new = !seen.contains(path);
        seen.push(path);
        new
    });
    paths.retain(|path| own.iter().any(|own| own == path) || !is_gone(case, parts.effects, path));
    let user = case.stage.config.user.clone().filter(|_| !is_root(case));
    paths
        .into_iter()
        .map(|path| StageCopy {
            from: path.to_string(),
            to: path.to_string(),
            chown: user.clone().filter(|_| path == "/tmp"),
            chmod: None,
        })
        .collect()
}

/// A RUN removes packages: perhaps the one that brought what the base has.
fn removes_packages(parts: &Parts<'_, '_>) -> bool {
    parts.effects.iter().any(|effect| {
        let verb = |verb: &str| effect.cmd.args.iter().any(|arg| arg.text == verb);
        matches!(effect.kind, Kind::Remove(_)) || ["remove", "purge", "autoremove", "--purge"].into_iter().any(verb)
    })
}

/// Files of every system that Go looks into by itself or that the program reads, where the file has its own of them.
pub(super) fn changed_of_system(image: &Image<'_, '_>, needs: &mut Needs) {
    let case = image.case;
    let reads = |path: &str| needs.data.iter().any(|(data, _)| data == path);
    if reads("/etc/passwd") || reads("/etc/group") {
        needs.accounts |= image.effects.iter().any(|effect| matches!(effect.kind, Kind::Account));
    }
    for (claim, path) in [
        (&needs.services, "/etc/services"),
        (&needs.mime_types, "/etc/mime.types"),
        (&needs.mime_types, "/etc/apache2/mime.types"),
        (&needs.mime_types, "/usr/share/mime/globals2"),
    ] {
        let Some(claim) = claim else { continue };
        let writes = image.effects.iter().any(|effect| match &effect.kind {
            Kind::Write(paths) => paths.iter().any(|written| written == path),
            Kind::Install(install) => {
                path.ends_with("globals2") && install.packages.iter().any(|package| package.name == "shared-mime-info")
            }
            _ => false,
        });
        if writes || case.tree().is_some_and(|tree| tree.is_file(path)) {
            needs.data.push((path.to_string(), claim.clone()));
        }
    }
}

/// With TZ set Go looks the zone up in the time zones, not in /etc/localtime.
pub(super) fn zone_of_file(case: &Case<'_>, needs: &mut Needs) {
    let set = case.stage.config.env.iter().find(|(name, _)| name == "TZ");
    if let (None, None, Some(context)) = (set, &needs.time_zones, case.context) {
        let given = super::compose::values_of(context, super::compose::dockerfile_name(case), &["environment"]);
        let zone = given.into_iter().find(|(.., text)| text.starts_with("TZ=") || text.starts_with("TZ:"));
        needs.time_zones = zone.map(|(name, _, line, text)| Claim {
            text: format!("{name} sets {text}"),
            shown: Shown { span: None, file: Some((name, line)) },
        });
    }
    let Some((_, value)) = set.filter(|_| needs.time_zones.is_none()) else { return };
    if !value.as_deref().is_some_and(|zone| matches!(zone, "" | "UTC")) {
        let text = format!("ENV TZ={}", value.as_deref().unwrap_or("…"));
        needs.time_zones = Some(Claim::new(text));
    }
}

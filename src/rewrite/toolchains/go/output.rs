//! Where a `go` command puts its programs: the table that docs/rewrite.md explains, checked against Go 1.19 to 1.27.

use super::build::{Args, Flags, setting};
use super::constraint::Target;
use super::packages::{self, Layout, Package};
use super::{Cgo, GoBuild, GoKind, GoOutput, Outputs, Setting};
use crate::context::tree::{ImageTree, join};

pub(super) fn outputs(build: &GoBuild, flags: &Flags, args: &Args<'_>) -> Outputs {
    let (command, scene) = (args.command, args.scene);
    // A package with a version is built from nothing that stands here.
    let external = !build.packages.is_empty() && build.packages.iter().all(|package| package.contains('@'));
    let Some(dir) = build.dir.as_deref().or(external.then_some("/")) else {
        return Outputs::Unknown("its directory is not known".into());
    };
    if let Some(mode) = build.needs_cgo_flag.as_deref().filter(|flag| flag.starts_with("-buildmode")) {
        return Outputs::Unknown(format!("`{mode}` makes no program"));
    }
    let env = |name: &str| setting(name, command, scene);
    let gopath = match env("GOPATH") {
        Setting::To(path) => Some(path),
        Setting::Unset if !scene.env.is_open() => Some("/root/go".into()),
        _ => None,
    };
    let gopath = gopath.map(|path| path.split(':').next().unwrap_or("").trim_end_matches('/').to_string());
    // A tag that names no version may be an old one (`golang:alpine3.11`): then the mode is a guess.
    let mut guessed = false;
    let gopath_mode = match env("GO111MODULE") {
        Setting::To(value) if value == "off" => true,
        Setting::To(value) if value == "on" || !value.is_empty() && value != "auto" => false,
        Setting::Unknown => return Outputs::Unknown("GO111MODULE is not known".into()),
        // Before 1.16 a directory without go.mod was looked for in GOPATH; `auto` still does so.
        found => {
            let auto = found == Setting::To("auto".into()) || scene.go_version.is_some_and(|version| version < (1, 16));
            let bare = scene.tree.is_some_and(|tree| packages::module_of(tree, dir).is_none());
            // Files are built the same way in every mode.
            let files = build.packages.first().is_some_and(|package| package.ends_with(".go"));
            guessed = bare && !auto && !files && scene.go_version.is_none();
            bare && (auto || guessed)
        }
    };
    if build.kind == GoKind::Get && !gopath_mode {
        // Since 1.18 it only writes go.mod; before, it installed what it got.
        let old = scene.go_version.is_some_and(|version| version < (1, 18)) && !flags.download_only;
        return if old { Outputs::Unknown("`go get` of an old Go may install".into()) } else { Outputs::Nothing };
    }
    if build.kind == GoKind::Get && (flags.download_only || guessed) {
        return if guessed { Outputs::Unknown("`go get` of an old Go may install".into()) } else { Outputs::Nothing };
    }
    let os = match env("GOOS") {
        Setting::To(os) if !os.is_empty() => os,
        // Mostly `$TARGETOS`: the image is a Linux one.
        _ => "linux".into(),
    };
    let arch = match env("GOARCH") {
        Setting::To(arch) if !arch.is_empty() => arch,
        _ => "amd64".into(),
    };
    let target = Target { os: &os, arch: &arch, cgo: build.cgo != Cgo::Off, tags: &build.tags };
    if gopath_mode && gopath.is_none() {
        return Outputs::Unknown("GOPATH is not known".into());
    }
    let in_gopath = gopath.as_deref().filter(|_| gopath_mode);
    let layout = Layout { tree: scene.tree, dir, gopath: in_gopath, target };
    let words: Vec<String> = build.packages.clone();
    let expanded: Vec<String> =
        flags.packages.iter().zip(words).map(|(word, text)| args.expand(word).unwrap_or(text)).collect();
    let found = match no_module(&layout, &expanded, gopath_mode, external) {
        Err(reason) => return Outputs::Fails(reason),
        Ok(Some(reason)) => Err(reason),
        Ok(None) => packages::resolve(&expanded, &layout),
    };
    let found = match found {
        Ok(found) => found,
        Err(reason) => return named_output(build, flags, args, dir, &expanded, reason),
    };
    let suffix = if os == "windows" { ".exe" } else { "" };
    if build.kind == GoKind::Build {
        let outputs = match &flags.output {
            Some(word) => match args.expand(word) {
                Some(path) => written_to(&path, found, dir, suffix, scene.tree),
                None => Outputs::Unknown(format!("the output path `{}` is not known", word.text)),
            },
            None => default_name(found, dir, suffix, scene.tree),
        };
        return only_if_old(outputs, guessed);
    }
    let bin = match env("GOBIN") {
        Setting::To(bin) if !bin.is_empty() => Ok(bin),
        Setting::Unknown => return Outputs::Unknown("GOBIN is not known".into()),
        _ => match gopath {
            Some(gopath) => Err(format!("{gopath}/bin")),
            None => return Outputs::Unknown("GOPATH is not known".into()),
        },
    };
    only_if_old(installed(found, bin, &env("GOOS"), &env("GOARCH"), suffix), guessed)
}

/// Without go.mod only a Go before 1.16 builds this.
fn only_if_old(outputs: Outputs, guessed: bool) -> Outputs {
    match outputs {
        Outputs::Files(files) if guessed => {
            let why = "there is no go.mod, which only a Go before 1.16 takes";
            Outputs::Files(files.into_iter().map(|file| GoOutput { proved: false, why: why.into(), ..file }).collect())
        }
        outputs => outputs,
    }
}

/// The packages are not known, but `-o file` may still name the one program.
fn named_output(
    build: &GoBuild,
    flags: &Flags,
    args: &Args<'_>,
    dir: &str,
    packages: &[String],
    reason: String,
) -> Outputs {
    let path = flags.output.as_ref().and_then(|word| args.expand(word)).filter(|_| build.kind == GoKind::Build);
    let several = packages.len() > 1 || packages.iter().any(|package| package.contains("..."));
    let Some(path) = path.filter(|path| !several && !path.is_empty() && !path.ends_with('/')) else {
        return Outputs::Unknown(reason);
    };
    let written = packages.first().cloned().unwrap_or_else(|| ".".into());
    let package = Package { written, dir: None, name: None, is_main: None };
    match written_to(&path, vec![package], dir, "", args.scene.tree) {
        Outputs::Files(files) => Outputs::Files(
            files.into_iter().map(|file| GoOutput { why: reason.clone(), proved: false, ..file }).collect(),
        ),
        Outputs::Nothing => Outputs::Nothing,
        _ => Outputs::Unknown(reason),
    }
}

/// Whether a module is needed and not there: surely (an error), perhaps, or not at all.
fn no_module(
    layout: &Layout<'_>,
    args: &[String],
    gopath_mode: bool,
    external: bool,
) -> Result<Option<String>, String> {
    let Some(tree) = layout.tree else { return Ok(None) };
    let by_file = args.first().is_some_and(|arg| arg.ends_with(".go"));
    if gopath_mode || external || by_file || packages::module_of(tree, layout.dir).is_some() {
        return Ok(None);
    }
    let place =
        args.first().filter(|arg| packages::is_path(arg)).map(|arg| join(layout.dir, arg.trim_end_matches("...")));
    if let Some(place) = &place
        && packages::module_of(tree, place).is_some()
    {
        return Ok(None);
    }
    if tree.gaps.is_empty() && tree.unknown.is_empty() && tree.context.complete {
        return Err("there is no go.mod".into());
    }
    Ok(Some("go.mod is not among the files that are known".into()))
}

fn proof(package: &Package, tree: Option<&ImageTree<'_>>) -> (bool, String) {
    match (tree, package.is_main) {
        (None, _) => (false, "the build context was not read".into()),
        (_, None) => (false, format!("the source of `{}` is not there to read", package.written)),
        (Some(_), Some(_)) => (true, "go.mod and the sources of the build context tell".into()),
    }
}

fn output(path: String, package: Package, proved: bool, why: String) -> GoOutput {
    let named = package.written.ends_with(".go") && !package.written.contains(['*', '?', '[']);
    GoOutput { path, package_dir: package.dir, package: package.written, proved, named, why }
}

/// `go build -o path`.
fn written_to(path: &str, found: Vec<Package>, dir: &str, suffix: &str, tree: Option<&ImageTree<'_>>) -> Outputs {
    if path.is_empty() {
        return Outputs::Unknown("the output path is empty".into());
    }
    let full = join(dir, path);
    if full == "/dev/null" {
        return Outputs::Nothing;
    }
    let there = tree.map_or_else(|| ImageTree::of_base(&full), |tree| tree.is_dir(&full));
    if path.ends_with('/') || there == Some(true) {
        return each_main(found, &full, suffix, tree);
    }
    let mut rest = found.into_iter();
    match (rest.next(), rest.next()) {
        (Some(package), None) if package.is_main == Some(false) => {
            let _ = package;
            Outputs::Nothing
        }
        (Some(package), None) => {
            let (mut proved, mut why) = proof(&package, tree);
            if there.is_none() && tree.is_some() {
                proved = false;
                why = format!("`{full}` is taken not to be a directory of the base image");
            }
            Outputs::Files(vec![GoOutput { named: true, ..output(full, package, proved, why) }])
        }
        _ => Outputs::Fails(format!("several packages cannot be written to the one file `{path}`")),
    }
}

fn each_main(found: Vec<Package>, bin: &str, suffix: &str, tree: Option<&ImageTree<'_>>) -> Outputs {
    let mut files = Vec::new();
    for package in found.into_iter().filter(|package| package.is_main != Some(false)) {
        let Some(name) = package.name.clone() else {
            return Outputs::Unknown(format!(
                "the name of `{}` is in go.mod, which is not there to read",
                package.written
            ));
        };
        let (proved, why) = proof(&package, tree);
        files.push(output(join(bin, &format!("{name}{suffix}")), package, proved, why));
    }
    if files.is_empty() { Outputs::Fails("no main package is built".into()) } else { Outputs::Files(files) }
}

/// `go build` without `-o`: one main package is written to the working directory, everything else is thrown away.
fn default_name(found: Vec<Package>, dir: &str, suffix: &str, tree: Option<&ImageTree<'_>>) -> Outputs {
    let mut rest = found.into_iter();
    let (Some(package), None) = (rest.next(), rest.next()) else { return Outputs::Nothing };
    if package.is_main == Some(false) {
        return Outputs::Nothing;
    }
    let Some(name) = package.name.clone() else {
        return Outputs::Unknown("the name of the program is in go.mod, which is not there to read".into());
    };
    let path = join(dir, &format!("{name}{suffix}"));
    if tree.is_some_and(|tree| tree.is_dir(&path) == Some(true)) {
        return Outputs::Fails(format!("`{path}` already exists and is a directory"));
    }
    let (proved, why) = proof(&package, tree);
    Outputs::Files(vec![output(path, package, proved, why)])
}

/// `go install`: GOBIN (`Ok`) or the bin of GOPATH (`Err`), with a directory of its own for another system.
fn installed(found: Vec<Package>, bin: Result<String, String>, os: &Setting, arch: &Setting, suffix: &str) -> Outputs {
    let foreign_os = matches!(os, Setting::To(os) if !os.is_empty() && os != "linux");
    let arch_set = !matches!(arch, Setting::Unset) && *arch != Setting::To(String::new());
    // Which architecture the builder has is not known, so a GOARCH may or may not mean cross-compiling.
    let crossed = foreign_os || matches!(arch, Setting::To(arch) if !arch.is_empty() && arch != "amd64");
    let bin = match (bin, crossed) {
        (Ok(_), true) => return Outputs::Fails("GOBIN cannot be used to cross-compile".into()),
        (Ok(bin), false) => bin,
        (Err(bin), true) => {
            let name = |value: &Setting, default: &str| match value {
                Setting::To(value) if !value.is_empty() => value.clone(),
                _ => default.to_string(),
            };
            format!("{bin}/{}_{}", name(os, "linux"), name(arch, "amd64"))
        }
        (Err(bin), false) => bin,
    };
    let mut files = Vec::new();
    for package in found.into_iter().filter(|package| package.is_main != Some(false)) {
        let Some(name) = package.name.clone() else {
            return Outputs::Unknown("the name of the program is in go.mod, which is not there to read".into());
        };
        let named_by_version = package.written.contains('@');
        let (proved, why) = match (arch_set || foreign_os || *os == Setting::Unknown, package.is_main) {
            (true, _) => (false, "whether this is cross-compiling depends on the machine that builds".into()),
            (false, Some(_)) => (true, "go.mod and the sources of the build context tell".into()),
            (false, None) if named_by_version => (true, "named after its import path".into()),
            (false, None) => (false, format!("the source of `{}` is not there to read", package.written)),
        };
        files.push(output(join(&bin, &format!("{name}{suffix}")), package, proved, why));
    }
    if files.is_empty() { Outputs::Nothing } else { Outputs::Files(files) }
}

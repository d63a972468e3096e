//! What Go builds leave: the program, the compiler's cache and the downloaded modules.

use super::files;
use super::run::Run;
use super::{Kind, Part, go_sources, leftover};
use crate::context::tree::join;
use crate::diagnostic::{Basis, Cost, Size};
use crate::shell::ShellCommand;

/// What `-s -w` leaves of a program: 0.68 of one with net/http, 0.65 of one that prints a line (toolchain_caches.csv).
const STRIPPED: f64 = 0.67;

impl Run<'_, '_> {
    pub fn go(&mut self, cmd: &ShellCommand) {
        let verb = cmd.args.iter().find(|arg| !arg.text.starts_with('-')).map_or("", |arg| arg.text.as_str());
        let second =
            cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).nth(1).map_or("", |arg| arg.text.as_str());
        let builds = matches!(verb, "build" | "install" | "run" | "test" | "vet" | "generate" | "tool");
        let fetches = builds || verb == "get" || (verb == "mod" && matches!(second, "download" | "tidy" | "vendor"));
        if fetches && cmd.flag_value("-mod").as_deref() != Some("vendor") {
            self.modules(cmd);
        }
        if !builds {
            return;
        }
        let cache = match self.step.env.value("GOCACHE") {
            Some(dir) => dir.to_string(),
            None => format!("{}/.cache/go-build", self.home()),
        };
        let reached = self.reached(cmd);
        let before = self.made.len();
        self.leave("Go's build cache", "go-build-cache", &cache);
        if let (Some(made), Some(reached)) = (self.made.get_mut(before), &reached) {
            let cost = Cost { size: reached.cache, basis: Basis::Estimated };
            made.part = Part { key: Some("go-build-cache"), ..Part::new(Kind::Leftover, "Go's build cache", cost) };
        }
        let program = match reached {
            Some(reached) => reached.program,
            None => match leftover("go-program") {
                Some(program) => program.size,
                None => return,
            },
        };
        let stripped = cmd.args.iter().any(|arg| arg.text.contains("-s -w") || arg.text.contains("-w -s"));
        let share = if stripped { STRIPPED } else { 1.0 };
        let scaled = |bytes: u64| (bytes as f64 * share) as u64;
        let Size { low, likely, high } = program;
        let size = Size { low: scaled(low), likely: scaled(likely), high: scaled(high) };
        let part = Part::new(Kind::Program, "the Go program", Cost { size, basis: Basis::Estimated });
        let dir = files::directory(self.step, cmd);
        match (verb, cmd.flag_value("-o")) {
            ("build", Some(path)) if path.ends_with('/') || path == "." => {
                if let Some(dir) = dir {
                    self.somewhere(part, join(&dir, &path));
                }
            }
            ("build", Some(path)) if path != "/dev/null" => match dir {
                Some(dir) if !path.contains('$') => self.add(part, Some(join(&dir, &path))),
                _ => self.add(part, None),
            },
            ("build", None) => self.somewhere(part, dir.unwrap_or_else(|| "/".to_string())),
            ("install", _) => {
                let bin = match self.step.env.value("GOBIN") {
                    Some(bin) => bin.to_string(),
                    None => format!("{}/bin", self.step.env.value("GOPATH").unwrap_or("/go")),
                };
                self.somewhere(part, bin);
            }
            _ => {}
        }
    }

    /// What the build leaves by its sources, where the build context has them.
    fn reached(&self, cmd: &ShellCommand) -> Option<go_sources::Weights> {
        let context = self.around.context?;
        let args: Vec<&str> = cmd.args.iter().map(|arg| arg.text.as_str()).collect();
        let dir = files::directory(self.step, cmd)?;
        go_sources::weigh(context, &self.ground.placed, &dir, &args, self.ground.go_release)
    }

    /// The modules of go.sum, where the build context has one.
    fn modules_in_sum(&self, cmd: &ShellCommand) -> Option<u64> {
        go_sources::modules(self.around.context?, &self.ground.placed, &files::directory(self.step, cmd)?)
    }

    /// The module cache: by the number of modules where the build context has a go.sum.
    fn modules(&mut self, cmd: &ShellCommand) {
        let path = match (self.step.env.value("GOMODCACHE"), self.step.env.value("GOPATH")) {
            (Some(dir), _) => dir.to_string(),
            (None, path) => format!("{}/pkg/mod", path.unwrap_or("/go")),
        };
        let counted = self.modules_in_sum(cmd);
        let without =
            self.around.context.is_some_and(|context| context.is_file("go.mod") && !context.is_file("go.sum"));
        let vendored = self.around.context.is_some_and(|context| context.is_dir("vendor"));
        if without || vendored || counted == Some(0) {
            // Only the standard library, or everything comes with the sources.
            return;
        }
        let before = self.made.len();
        self.leave("Go's module cache", "go-mod-cache", &path);
        if let (Some(made), Some(count), Some(one)) = (self.made.get_mut(before), counted, leftover("go-module")) {
            let Size { low, likely, high } = one.size;
            let size = Size { low: low * count, likely: likely * count, high: high * count };
            let cost = Cost { size, basis: Basis::Estimated };
            let what = format!("Go's module cache, {count} modules");
            made.part = Part { key: Some("go-mod-cache"), ..Part::new(Kind::Leftover, what, cost) };
        }
    }
}

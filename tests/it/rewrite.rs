//! fixtures/rewrite/<toolchain>-<case>: the folder is the build context, and its rewritten.Dockerfile or refusal.txt is
//! what comes of its Dockerfile.

use std::path::Path;

use unladen::context::BuildContext;
use unladen::model::{self, ModelOptions};
use unladen::rewrite::{self, Refusal, RewritePlan};
use unladen::settings::RewriteOptions;
use unladen::syntax;
use unladen::text::SourceFile;

fn run(source: &SourceFile, context: Option<&BuildContext>, options: &RewriteOptions) -> Result<RewritePlan, Refusal> {
    let file = syntax::parse(source);
    let model = model::build(source, &file, &ModelOptions::default());
    rewrite::plan(source, &file, &model, context, options)
}

/// Prints what comes of a file: UNLADEN_TRY=Dockerfile[:context] cargo test --test it rewrite::try_one -- --nocapture
#[test]
fn try_one() {
    let Ok(list) = std::env::var("UNLADEN_TRY") else { return };
    for path in list.split_whitespace() {
        let text = std::fs::read(path).unwrap();
        let source = SourceFile::from_bytes(path, text);
        let options = RewriteOptions { strip: true, ..RewriteOptions::default() };
        let context = std::env::var("UNLADEN_CONTEXT").ok().map(|dir| context_of(Path::new(&dir)));
        eprintln!("=== {path}");
        match run(&source, context.as_ref(), &options) {
            Ok(plan) => {
                eprintln!("{:?} {}: {}", plan.tier, plan.base, plan.why_base);
                for obligation in &plan.obligations {
                    eprintln!("  [{}] {}", if obligation.proved { "x" } else { " " }, obligation.text);
                }
                for ruled in &plan.ruled_out {
                    eprintln!("  not smaller than {:?}: {}", ruled.most, ruled.text);
                }
                eprintln!("---\n{}", source.apply(&plan.edits).unwrap().text);
            }
            Err(refusal) => {
                eprintln!("REFUSED {}: {} ({})", refusal.reason, refusal.message, source.slice(refusal.span))
            }
        }
    }
}

fn context_of(dir: &Path) -> BuildContext {
    let mut files = Vec::new();
    collect(dir, dir, &mut files);
    let pairs: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    BuildContext::in_memory(&pairs)
}

fn collect(root: &Path, dir: &Path, out: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, out);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            out.push((path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"), text));
        }
    }
}

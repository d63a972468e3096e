use std::path::Path;

use super::*;
use crate::report::hadolint::Shape;
use crate::rules::RULES;
use crate::settings::LabelKind;

fn own_config(text: &str) -> Result<Config, String> {
    own::read(Path::new("/project/.unladen.yaml"), text).map_err(|error| error.problem().to_string())
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "# only a comment\n", "---\n", "{}\n"] {
        let config = own_config(text).unwrap();
        assert!(config.select.is_none() && config.ignore.is_empty() && config.fail_on.is_none(), "{text:?}");
    }
}

#[test]
fn an_error_names_file_line_column_and_the_nearest_name() {
    let cases = [
        ("ignor: []\n", "1:1: unknown key `ignor`; did you mean `ignore`?"),
        ("fail-on: warn\n", "1:10: fail-on: unknown severity `warn`; use one of style, info, warning, error, none"),
        ("target: a\nselect: [zzz]\n", "2:10: select[0]: unknown rule `zzz`; `unladen rule` lists them"),
        ("base: tiny\n", "1:7: base: unknown base `tiny`; use one of auto, static, scratch, same-distro"),
        ("severity: {zzz: error}\n", "1:12: unknown rule `zzz`; `unladen rule` lists them"),
        ("rewrite: {strp: true}\n", "1:11: unknown key `strp`; did you mean `strip`?"),
        ("rewrite: {packages: [a, 'b; c']}\n", "1:25: rewrite.packages[1]: `b; c` is no name of a package"),
        (
            "rewrite: {base-prefix: 'https://a'}\n",
            "1:24: rewrite.base-prefix: `https://a` is no registry with a path, such as mirror.example.com/hub",
        ),
        ("exclude: ['[z-a]']\n", "1:12: `[z-a]` is no pattern: error parsing glob '[z-a]': invalid range; 'z' > 'a'"),
        (
            "zzz: 1\n",
            "1:1: unknown key `zzz`; the keys are profile, select, ignore, severity, fail-on, target, build-args, base, \
             max-size, max-sizes, per-file-ignores, exclude, ignore-comments, rewrite, trusted-registries, label-schema, strict-labels",
        ),
        ("- a\n", "1:1: a list stands where keys are expected"),
        ("target: [a]\n", "1:9: target: a list stands where a word is expected"),
        ("ignore: DL3006\n", "1:9: ignore: a word stands where a list is expected"),
        ("exclude: [a\n", "2:1: did not find expected ',' or ']'"),
    ];
    for (text, expected) in cases {
        let said = own_config(text).unwrap_err();
        assert_eq!(said, format!("/project/.unladen.yaml:{expected}"), "{text:?}");
    }
}

#[test]
fn the_command_line_wins_over_the_file() {
    let text = "fail-on: error\ntarget: a\nbase: scratch\nbuild-args: {A: 1.24, B: x}\nignore-comments: false\n";
    let config = own_config(text).unwrap();
    let file = Path::new("/project/Dockerfile");
    let none = config.settings(&Overrides::default(), file);
    let args = |settings: &Settings| {
        let args = settings.model.build_args.iter().map(|(name, value)| format!("{name}={value}"));
        args.collect::<Vec<_>>().join(" ")
    };
    assert_eq!((none.model.target.as_deref(), args(&none).as_str()), (Some("a"), "A=1.24 B=x"));
    assert!(none.rewrite.base == BaseWish::Scratch && none.disable_ignores);
    assert_eq!(config.fail_on(&Overrides::default()), FailOn::At(Severity::Error));
    let said = Overrides {
        fail_on: Some(FailOn::Never),
        target: Some("b".into()),
        build_args: vec![("B".into(), "y".into())],
        base: Some(BaseWish::Static),
        ..Overrides::default()
    };
    let both = config.settings(&said, file);
    assert_eq!((both.model.target.as_deref(), args(&both).as_str()), (Some("b"), "A=1.24 B=y"));
    assert_eq!((both.rewrite.base, config.fail_on(&said)), (BaseWish::Static, FailOn::Never));
}

#[test]
fn patterns_are_those_of_gitignore_below_the_directory_of_the_file() {
    let config =
        own_config("exclude: [vendor/, '/top.Dockerfile', '!vendor/keep/Dockerfile', '*.gen.Dockerfile']\n").unwrap();
    let cases = [
        ("/project/vendor/a/Dockerfile", true),
        ("/project/deep/vendor/Dockerfile", true),
        ("/project/top.Dockerfile", true),
        ("/project/deep/top.Dockerfile", false),
        ("/project/deep/x.gen.Dockerfile", true),
        ("/project/Dockerfile", false),
        ("/elsewhere/vendor/Dockerfile", false),
    ];
    for (file, excluded) in cases {
        assert_eq!(config.excludes(Path::new(file)), excluded, "{file}");
    }
}

/// A rule with an alias, whichever there is.
fn a_rule() -> (&'static str, &'static str) {
    RULES.iter().find_map(|rule| Some((rule.slug, *rule.aliases.first()?))).unwrap()
}

#[test]
fn rules_are_named_by_slug_or_alias_in_any_case() {
    let (slug, alias) = a_rule();
    let text = format!(
        "ignore: [{}]\nseverity: {{{alias}: error}}\nper-file-ignores: {{'test/': [{alias}]}}\n",
        alias.to_lowercase()
    );
    let config = own_config(&text).unwrap();
    assert!(config.ignore.contains(&slug));
    assert_eq!(config.severities.get(slug), Some(&Severity::Error));
    let near = format!("ignore: [{slug}x]\n");
    let expected = format!("/project/.unladen.yaml:1:10: ignore[0]: unknown rule `{slug}x`; did you mean `{slug}`?");
    assert_eq!(own_config(&near).unwrap_err(), expected);
}

#[test]
fn rules_are_ignored_per_file_and_a_selected_one_runs_anyway() {
    let (slug, alias) = a_rule();
    let config = own_config(&format!("per-file-ignores: {{'test/': [{alias}]}}\nignore: []\n")).unwrap();
    let ignored = |path: &str| config.settings(&Overrides::default(), Path::new(path)).ignore.contains(&slug);
    assert!(ignored("/project/test/Dockerfile") && !ignored("/project/Dockerfile"));
    let config = own_config(&format!("ignore: [{alias}]\n")).unwrap();
    let select = Overrides { select: Some(vec![slug]), ..Overrides::default() };
    assert!(!config.settings(&select, Path::new("/project/Dockerfile")).ignore.contains(&slug));
}

fn hadolint_config(text: &str) -> Result<Config, String> {
    hadolint::read(Path::new("/project/.hadolint.yaml"), text, &Environment::default())
        .map_err(|error| error.problem().to_string())
}

#[test]
fn hadolints_file_is_read_as_it_is() {
    let (slug, alias) = a_rule();
    let text = format!(
        "ignored: [{alias}, DL9999, SC2086]\noverride:\n  style: [{alias}]\n  error: [{alias}, DL9998]\n\
         failure-threshold: warning\ntrustedRegistries: [docker.io]\nlabel-schema: {{author: text}}\n\
         strict-labels: false\ndisable-ignore-pragma: true\nno-color: true\nverbose: true\nformat: json\n\
         formats: [tty]\nno-fail: false\n"
    );
    let config = hadolint_config(&text).unwrap();
    assert_eq!(config.ignore, [slug, "SC2086"]);
    assert_eq!(config.severities.get(slug), Some(&Severity::Error));
    assert_eq!(config.fail_on, Some(FailOn::At(Severity::Warning)));
    assert!(config.disable_ignores);
    let formats = vec![Shape::Tty, Shape::Json];
    assert_eq!(config.output, Output { formats, no_color: true, verbose: true });
    let least = FailOn::At(Severity::Style);
    for (text, fail_on) in [
        ("no-fail: true\n", FailOn::Never),
        ("failure-threshold: none\n", least),
        ("failure-threshold: ignore\n", least),
        ("failure-threshold: none\nno-fail: true\n", FailOn::Never),
    ] {
        assert_eq!(hadolint_config(text).unwrap().fail_on, Some(fail_on), "{text}");
    }
    assert_eq!(
        hadolint_config("ignored: DL3006\n").unwrap_err(),
        "/project/.hadolint.yaml:1:10: ignored: a word stands where a list is expected"
    );
}

#[test]
fn a_broken_file_of_hadolints_is_an_error_with_its_place() {
    for (text, message) in [
        ("ignord: [DL3003]\n", "1:1: unknown key `ignord`; did you mean `ignored`?"),
        ("override:\n  ignore: [DL3003]\n", "2:3: unknown key `ignore`; the keys are error, warning, info, style"),
        ("ignored: [DL3003]\nignored: [DL3009]\n", "2:1: the key `ignored` stands here twice"),
        ("ignored:\n\t- DL3003\n", ""),
        ("no-fail: \"true\"\n", "1:10: no-fail: "),
        ("failure-threshold: bad\n", "1:20: failure-threshold: unknown severity `bad`"),
        ("trustedRegistries: docker.io\n", "1:20: trustedRegistries: a word stands where a list is expected"),
        ("label-schema:\n  a: texty\n", "2:6: label-schema.a: unknown kind of label `texty`"),
        ("format: jason\n", "1:9: format: hadolint has no format `jason`; did you mean `json`?"),
        ("ignored: [1]\n", "1:11: ignored[0]: `1` is no code of a rule; codes are written as DL3008 or SC2086"),
        ("ignored: [3008]\n", "1:11: ignored[0]: `3008` is no code of a rule; did you mean `DL3008`?"),
        ("override: {error: [2086]}\n", "1:20: override.error[0]: `2086` is no code of a rule; did you mean `SC2086`?"),
        ("- a\n", "1:1: "),
        ("a\n---\nb\n", ""),
    ] {
        let error = hadolint_config(text).unwrap_err();
        assert!(error.starts_with(&format!("/project/.hadolint.yaml:{message}")), "{text}: {error}");
    }
    for text in ["", "# nothing\n", "---\n", "ignored:\n", "override:\n", "ignored: [XY1]\n", "no-fail: TRUE\n"] {
        assert!(hadolint_config(text).is_ok(), "{text}");
    }
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    let hadolint = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Environment { hadolint, user_files: Vec::new() }
}

#[test]
fn hadolints_variables_stand_below_its_file() {
    let path = Path::new("/project/.hadolint.yaml");
    let given = environment(&[
        ("HADOLINT_FAILURE_THRESHOLD", "error"),
        ("HADOLINT_IGNORE", "DL3003, DL3007"),
        ("HADOLINT_OVERRIDE_STYLE", "DL3007"),
        ("HADOLINT_REQUIRE_LABELS", "a:text,b:semver"),
        ("HADOLINT_STRICT_LABELS", "y"),
        ("HADOLINT_TRUSTED_REGISTRIES", "docker.io"),
        ("HADOLINT_VERBOSE", "1"),
    ]);
    let text = "failure-threshold: info\nignored: [DL3006]\nlabel-schema: {b: url}\nstrict-labels: false\n";
    let config = hadolint::read(path, text, &given).unwrap();
    assert_eq!(config.fail_on, Some(FailOn::At(Severity::Info)));
    assert_eq!(config.ignore, ["cd-in-run", "latest-base", "untagged-base"]);
    assert_eq!(config.severities.get("latest-base"), Some(&Severity::Style));
    let kinds: Vec<(&str, LabelKind)> =
        config.options.label_schema.iter().map(|(label, kind)| (label.as_str(), *kind)).collect();
    assert_eq!(kinds, [("a", LabelKind::Text), ("b", LabelKind::Url)]);
    assert!(!config.options.strict_labels);
    assert_eq!(config.options.trusted_registries, ["docker.io"]);
    let config = hadolint::without_file(&given).unwrap().unwrap();
    assert_eq!((config.fail_on, config.profile), (Some(FailOn::At(Severity::Error)), None));
    assert!(hadolint::without_file(&environment(&[("HADOLINT_NOISE", "1")])).unwrap().is_none());
    let wrong = hadolint::without_file(&environment(&[("HADOLINT_FAILURE_THRESHOLD", "bad")])).unwrap_err();
    assert!(wrong.problem().to_string().starts_with("HADOLINT_FAILURE_THRESHOLD: unknown severity `bad`"));
}

#[test]
fn hadolints_file_for_the_user_comes_after_those_of_the_project() {
    let home = PathBuf::from(if cfg!(windows) { "C:\\home" } else { "/home" });
    let xdg = home.join("xdg");
    let files = |config: Option<&PathBuf>| {
        super::environment::user_files(&|name| match name {
            "HOME" => Some(home.clone()),
            "XDG_CONFIG_HOME" => config.cloned(),
            _ => None,
        })
    };
    assert_eq!(files(Some(&xdg)).first(), Some(&xdg.join("hadolint.yaml")));
    let plain = files(None);
    assert_eq!(plain.first(), Some(&home.join(".config").join("hadolint.yaml")));
    assert_eq!(plain.last(), Some(&home.join(".hadolint.yml")));
    assert!(plain.contains(&home.join(".hadolint").join("config.yaml")));
    let dir = tempfile::tempdir().unwrap();
    let user = dir.path().join("config.yaml");
    std::fs::write(&user, "failure-threshold: error\n").unwrap();
    let project = dir.path().join("p");
    std::fs::create_dir(&project).unwrap();
    let mut finder = Finder::upwards().in_environment(Environment { user_files: vec![user], hadolint: Vec::new() });
    assert_eq!(finder.find(&project).unwrap().fail_on, Some(FailOn::At(Severity::Error)));
    std::fs::write(project.join(".hadolint.yaml"), "failure-threshold: style\n").unwrap();
    let mut finder = Finder::upwards();
    assert_eq!(finder.find(&project).unwrap().fail_on, Some(FailOn::At(Severity::Style)));
}

#[test]
fn the_closest_file_upwards_counts_and_ours_before_hadolints() {
    let dir = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("a/.unladen.yaml", "target: outer\n");
    put("a/b/.unladen.yml", "fail-on: error\n");
    put("a/b/c/.hadolint.yaml", "failure-threshold: style\n");
    put("h/.hadolint.yml", "failure-threshold: style\n");
    put("h/deep/er/Dockerfile", "");
    let mut finder = Finder::upwards();
    let mut found = |path: &str| {
        let config = finder.find(&dir.path().join(path)).unwrap();
        (config.target.clone(), config.fail_on)
    };
    assert_eq!(found("a"), (Some("outer".to_string()), None));
    // Whole: what the outer file says does not hold here.
    assert_eq!(found("a/b"), (None, Some(FailOn::At(Severity::Error))));
    assert_eq!(found("a/b/c"), (None, Some(FailOn::At(Severity::Error))));
    assert_eq!(found("h/deep/er"), (None, Some(FailOn::At(Severity::Style))));
    assert_eq!(found("none"), (None, None));
    let fixed = dir.path().join("h/.hadolint.yml");
    assert_eq!(
        Finder::from_file(&fixed, Environment::default(), false).find(&dir.path().join("a")).unwrap().fail_on,
        Some(FailOn::At(Severity::Style))
    );
    assert!(Finder::without().find(&dir.path().join("a")).unwrap().path.is_none());
}

#[test]
fn the_example_of_the_readme_is_read() {
    let readme = include_str!("../../README.md");
    let example = readme.split("## Configuration").nth(1).unwrap().split("```yaml\n").nth(1).unwrap();
    let config = own_config(example.split("```").next().unwrap()).unwrap();
    assert_eq!(config.build_args, [("VERSION".to_string(), "1.10".to_string())]);
    assert_eq!(config.fail_on, Some(FailOn::At(Severity::Warning)));
}

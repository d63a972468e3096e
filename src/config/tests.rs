use std::path::Path;

use super::*;

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
        ("ignor: []\n", "/project/.unladen.yaml:1:1: unknown key `ignor`; did you mean `ignore`?"),
        (
            "fail-on: warn\n",
            "/project/.unladen.yaml:1:10: fail-on: unknown severity `warn`; use one of style, info, warning, error, none",
        ),
        (
            "target: a\nselect: [no-such-rule-at-all]\n",
            "/project/.unladen.yaml:2:10: select[0]: unknown rule `no-such-rule-at-all`; `unladen rule` lists them",
        ),
        (
            "base: tiny\n",
            "/project/.unladen.yaml:1:7: base: unknown base `tiny`; use one of auto, static, scratch, same-distro",
        ),
        ("a: [\n", ""),
        (
            "severity: {no-such-rule-at-all: error}\n",
            "/project/.unladen.yaml:1:12: unknown rule `no-such-rule-at-all`; `unladen rule` lists them",
        ),
        ("exclude: ['[z-a]']\n", ""),
        ("rewrite: {strp: true}\n", "/project/.unladen.yaml:1:11: unknown key `strp`; did you mean `strip`?"),
        ("- a\n", ""),
    ];
    let said: Vec<String> = cases.iter().map(|(text, _)| own_config(text).unwrap_err()).collect();
    for (said, (_, expected)) in said.iter().zip(cases) {
        eprintln!("{said}");
        if !expected.is_empty() {
            assert_eq!(said, expected);
        }
    }
}

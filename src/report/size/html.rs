//! The page for the browser: the image as it is beside what it could be, each as a waterfall of layers. It needs no
//! network, no script and no font from elsewhere.

use std::fmt::Write as _;

use super::{
    Built, Row, SizeReport, Way, basis_text, compressed_text, fleet, megabytes, rows, ships, stage_name, total,
    weight_text,
};
use crate::lint::Checked;
use crate::size::{Kind, Part, StageSize, Weight};

const STYLE: &str = include_str!("page.css");

/// Text that stands in the page as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters have no place in a page.
            char if char.is_control() => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}

pub(super) fn page(report: &SizeReport) -> String {
    let now = total(&report.now.size);
    let best = report.after.iter().min_by_key(|after| total(&after.checked.size).size.likely);
    let path = escaped(&report.now.source.path);
    let mut body = String::new();
    header(&mut body, report, &now, &path);
    ways(&mut body, report, &now);
    body.push_str("<div class=\"sides\">\n");
    side(&mut body, "Now", &report.now, report.built.as_ref(), "before");
    if let Some(best) = best {
        side(&mut body, heading(best.way), &best.checked, None, "after");
    }
    body.push_str("</div>\n");
    legend(&mut body, report, best.map(|best| &best.checked));
    built(&mut body, report);
    fleets(&mut body, report);
    footer(&mut body);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{path}: {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(&weight_text(&now))
    )
}

fn heading(way: Way) -> &'static str {
    match way {
        Way::SafeFixes => "With the safe fixes",
        Way::AllFixes => "With all fixes",
        Way::Rewrite => "Rewritten into stages",
    }
}

fn header(out: &mut String, report: &SizeReport, now: &Weight, path: &str) {
    let basis = Some(basis_text(now)).filter(|basis| !basis.is_empty());
    let compressed = (now.compressed > 0).then(|| compressed_text(now));
    let notes: Vec<String> = basis.into_iter().chain(compressed).chain(["linux/amd64".to_string()]).collect();
    let _ = write!(
        out,
        "<header>\n<p class=\"path\">{path}</p>\n<h1>{}</h1>\n<p class=\"note\">{}</p>\n",
        escaped(&weight_text(now)),
        escaped(&notes.join(", "))
    );
    if let Some(limit) = report.max_size.filter(|limit| now.size.likely > *limit) {
        let over = megabytes(now.size.likely - limit);
        let _ = writeln!(out, "<p class=\"over\">{over} above the limit of {}</p>", megabytes(limit));
    }
    out.push_str("</header>\n");
}

/// One bar for each way, all on the scale of the image as it is.
fn ways(out: &mut String, report: &SizeReport, now: &Weight) {
    let scale = now.size.likely.max(1);
    out.push_str("<section class=\"ways\">\n");
    let mut bar = |name: &str, weight: &Weight, saved: u64, command: &str, class: &str| {
        let width = share(weight.size.likely, scale).max(0.15);
        let note = match saved {
            0 => String::new(),
            saved => format!("saves {} <code>{}</code>", megabytes(saved), escaped(command)),
        };
        let _ = writeln!(
            out,
            "<div class=\"way\"><span class=\"name\">{}</span><span class=\"track\"><span class=\"fill {class}\" \
             style=\"width:{width:.2}%\"></span></span><b>{}</b><span class=\"note\">{note}</span></div>",
            escaped(name),
            escaped(&weight_text(weight))
        );
    };
    bar("Now", now, 0, "", "now");
    for after in &report.after {
        let weight = total(&after.checked.size);
        let saved = now.size.likely.saturating_sub(weight.size.likely);
        bar(heading(after.way), &weight, saved, after.way.command(), "then");
    }
    if let Some(why) = &report.not_rewritten {
        let _ = writeln!(out, "<p class=\"note\">Not rewritten: {}</p>", escaped(why));
    }
    out.push_str("</section>\n");
}

fn side(out: &mut String, title: &str, checked: &Checked, built: Option<&Built>, class: &str) {
    let whole = total(&checked.size);
    let _ = writeln!(
        out,
        "<section class=\"side {class}\">\n<h2>{} <span>{}</span></h2>",
        escaped(title),
        escaped(&weight_text(&whole))
    );
    // What ships comes first: it is what the page is about.
    let mut stages: Vec<&StageSize> = checked.size.stages.iter().collect();
    stages.sort_by_key(|stage| (!ships(checked, stage), stage.id));
    for stage in stages {
        waterfall(out, checked, stage, built);
    }
    out.push_str("</section>\n");
}

fn waterfall(out: &mut String, checked: &Checked, stage: &StageSize, built: Option<&Built>) {
    let shipped = ships(checked, stage);
    let scale = stage.total.size.likely.max(1);
    let class = if shipped { "stage" } else { "stage idle" };
    let _ = writeln!(out, "<div class=\"{class}\">");
    if checked.model.stages.len() > 1 {
        let note = if shipped { "ships" } else { "does not ship" };
        let _ = writeln!(
            out,
            "<h3>{} <span>{}</span> <em>{note}</em></h3>",
            escaped(&stage_name(checked, stage)),
            escaped(&weight_text(&stage.total))
        );
    }
    out.push_str("<ol>\n");
    let mut before = 0;
    for row in rows(checked, stage, built) {
        layer(out, &row, before, scale, built.and_then(|built| built.made_by(row.inst)));
        before += row.weight.size.likely;
    }
    out.push_str("</ol>\n</div>\n");
}

fn layer(out: &mut String, row: &Row<'_>, before: u64, scale: u64, real: Option<u64>) {
    let real = real.map_or(String::new(), |bytes| format!(" <small>built {}</small>", megabytes(bytes)));
    let _ = write!(
        out,
        "<li><details><summary><span class=\"line\">{}</span><code>{}</code><span><b>{}</b>{real}</span></summary>\n<ul>\n",
        row.line,
        escaped(&row.text),
        escaped(&row.size_text())
    );
    for part in &row.parts {
        let _ =
            writeln!(out, "<li><i class=\"k-{}\"></i>{}: {}</li>", part.kind.name(), escaped(&part.what), amount(part));
    }
    out.push_str("</ul></details>\n<div class=\"track\" role=\"img\" aria-label=\"");
    let _ = write!(out, "{}\">", escaped(&weight_text(&row.weight)));
    let mut left = before;
    let known: Vec<&&Part> =
        row.parts.iter().filter(|part| part.cost.is_some_and(|cost| cost.size.likely > 0)).collect();
    // All of another stage is one part, whatever it is made of.
    let single = row.kind == Kind::Base;
    for part in &known {
        let bytes = if single { row.weight.size.likely } else { part.cost.map_or(0, |cost| cost.size.likely) };
        segment(out, part.kind.name(), left, bytes, scale, &part.what);
        left += bytes;
    }
    if row.weight.unknown > 0 {
        let _ = write!(
            out,
            "<span class=\"seg k-unknown\" style=\"left:{:.2}%;width:2.5%\" title=\"unknown\"></span>",
            share(left, scale).min(97.5)
        );
    }
    out.push_str("</div></li>\n");
}

fn segment(out: &mut String, kind: &str, left: u64, bytes: u64, scale: u64, what: &str) {
    let width = share(bytes, scale).max(0.2);
    let left = share(left, scale).min(100.0 - width);
    let _ = write!(
        out,
        "<span class=\"seg k-{kind}\" style=\"left:{left:.2}%;width:{width:.2}%\" title=\"{}: {}\"></span>",
        escaped(what),
        megabytes(bytes)
    );
}

fn amount(part: &Part) -> String {
    match part.cost {
        Some(cost) => {
            let basis = basis_text(&Weight::of([part]));
            format!("<b>{}</b> <small>{}</small>", megabytes(cost.size.likely), escaped(&basis))
        }
        None => "<b>unknown</b>".to_string(),
    }
}

fn share(bytes: u64, scale: u64) -> f64 {
    (bytes as f64 / scale as f64 * 100.0).clamp(0.0, 100.0)
}

fn legend(out: &mut String, report: &SizeReport, best: Option<&Checked>) {
    const KINDS: &[(Kind, &str)] = &[
        (Kind::Base, "base image"),
        (Kind::Packages, "packages"),
        (Kind::Recommends, "merely recommended packages"),
        (Kind::Leftover, "lists and caches"),
        (Kind::Program, "built program"),
        (Kind::Files, "files of the build context"),
        (Kind::Copied, "copied from a stage or image"),
        (Kind::Again, "stored a second time"),
        (Kind::Fetched, "downloads"),
        (Kind::Unknown, "unknown without building"),
    ];
    let shown = [Some(&report.now), best];
    let stages = || shown.iter().flatten().flat_map(|checked| &checked.size.stages);
    let there = |kind: Kind| {
        stages().any(|stage| {
            let mut parts = stage.layers.iter().flat_map(|layer| &layer.parts).chain([&stage.base]);
            parts.any(|part| part.kind == kind || (kind == Kind::Unknown && part.cost.is_none()))
        })
    };
    out.push_str("<ul class=\"legend\">\n");
    for (kind, words) in KINDS.iter().filter(|(kind, _)| there(*kind)) {
        let _ = writeln!(out, "<li><i class=\"k-{}\"></i>{words}</li>", kind.name());
    }
    out.push_str("</ul>\n<p class=\"scale\">Each stage has its own scale. A row opens with what its bytes are.</p>\n");
}

fn built(out: &mut String, report: &SizeReport) {
    let Some(built) = &report.built else { return };
    let _ = writeln!(
        out,
        "<section class=\"card\">\n<h2>Built image {} <span>{}</span></h2>\n<table class=\"layers\"><thead><tr><th>layer</th><th>made by</th>\
         <th>bytes</th></tr></thead><tbody>",
        escaped(&built.name),
        megabytes(built.bytes())
    );
    for (at, layer) in built.layers.iter().enumerate().filter(|(_, layer)| layer.bytes > 0) {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            at + 1,
            escaped(layer.made_by()),
            megabytes(layer.bytes)
        );
    }
    out.push_str("</tbody></table>\n");
    for (title, finds, sum) in built.lists() {
        if finds.list.is_empty() {
            continue;
        }
        let sum = sum.map_or(String::new(), |bytes| format!(" <span>{}</span>", megabytes(bytes)));
        let title = title.chars().take(1).flat_map(char::to_uppercase).chain(title.chars().skip(1)).collect::<String>();
        let _ = writeln!(out, "<h3>{title}{sum}</h3>\n<table><tbody>");
        for found in finds.list.iter().take(10) {
            let note =
                if found.note.is_empty() { String::new() } else { format!(" <small>{}</small>", escaped(&found.note)) };
            let path = escaped(&format!("/{}", found.path));
            let _ = writeln!(out, "<tr><td><code>{path}</code>{note}</td><td>{}</td></tr>", megabytes(found.bytes));
        }
        out.push_str("</tbody></table>\n");
    }
    out.push_str("</section>\n");
}

fn fleets(out: &mut String, report: &SizeReport) {
    let Some(fleets) = fleet::of(report) else { return };
    let _ = writeln!(
        out,
        "<section class=\"card\">\n<h2>{} services, {} deployments of each a day</h2>\n<p class=\"note\">Compressed bytes, \
         every deployment kept and sent once, no layer shared.</p>\n<table><thead><tr><th></th><th>a month</th><th>a year</th>\
         <th>on the hosts</th></tr></thead><tbody>",
        fleets.fleet.services, fleets.fleet.deploys
    );
    for (way, month) in &fleets.months {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            way.map_or("Now", heading),
            fleet::large(month.transfer),
            fleet::large(month.transfer.saturating_mul(12)),
            fleet::large(month.on_hosts)
        );
    }
    out.push_str("</tbody></table>\n</section>\n");
}

fn footer(out: &mut String) {
    let tables = crate::size::tables();
    let newest = tables.iter().map(|table| table.newest).max().unwrap_or_default();
    let _ = writeln!(
        out,
        "<footer>unladen {}: sizes on disk, MB are 10<sup>6</sup> bytes, tables of {newest}. Nothing was built; what nobody can \
         tell without building is left out, and the sum then says “at least”.</footer>",
        env!("CARGO_PKG_VERSION")
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_file_is_no_markup() {
        assert_eq!(escaped("a<b> & \"c\" 'd'\u{1b}"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;\u{fffd}");
    }
}

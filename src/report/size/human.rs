//! The table for the terminal.

use std::io::{self, Write};

use colored::Color;

use super::super::human::Paint;
use super::super::view::plain;
use super::{
    Row, SizeReport, Style, basis_text, compressed_text, fleet, megabytes, rows, ships, stage_name, total, weight_text,
};
use crate::size::{Kind, Weight, tables as known};

/// Columns of a bar; fewer where the terminal is narrow or the real bytes stand beside it.
const BAR: usize = 24;
const SHORT_BAR: usize = 14;

fn bar_columns(report: &SizeReport, style: Style) -> usize {
    if report.built.is_some() || style.width < 100 { SHORT_BAR } else { BAR }
}

pub(super) fn write(report: &SizeReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if style.color {
        colored::control::set_override(true);
    }
    let paint = Paint(style.color);
    let now = &report.now;
    let whole = total(&now.size);
    writeln!(out, "{}  {}", paint.bold(&plain(&now.source.path), Color::White), headline(&whole, paint))?;
    let scale = now.size.stages.iter().map(|stage| stage.total.size.likely).max().unwrap_or(0).max(1);
    for stage in &now.size.stages {
        writeln!(out)?;
        let shipped = ships(now, stage);
        let note = match (shipped, now.model.stages.len()) {
            (_, 1) => String::new(),
            (true, _) => "  ships".to_string(),
            (false, _) => "  does not ship: it costs build time only".to_string(),
        };
        let name = stage_name(now, stage);
        let likely = match basis_text(&stage.total) {
            basis if stage.total.unknown > 0 && now.model.stages.len() > 1 && !basis.is_empty() => {
                format!("  ({basis})")
            }
            _ => String::new(),
        };
        let weight = weight_text(&stage.total);
        writeln!(out, "{}  {weight}{}", paint.bold(&name, Color::Cyan), paint.dim(&format!("{likely}{note}")))?;
        let rows = rows(now, stage, report.built.as_ref());
        if report.built.is_some() {
            let head = format!("{:>1$} {2:>10}", "estimate", room(report, style) + 9 + SHORT_BAR + 16, "built");
            writeln!(out, "{}", paint.dim(&head))?;
        }
        for row in rows {
            layer(report, &row, scale, style, paint, out)?;
        }
    }
    writeln!(out)?;
    variants(report, &whole, style, paint, out)?;
    built(report, style, paint, out)?;
    fleets(report, paint, out)
}

fn headline(whole: &Weight, paint: Paint) -> String {
    let mut text = paint.bold(&weight_text(whole), Color::Magenta);
    let basis = basis_text(whole);
    if !basis.is_empty() {
        text.push_str(&paint.dim(&format!("  ({basis})")));
    }
    if whole.compressed > 0 {
        text.push_str(&paint.dim(&format!(", {}", compressed_text(whole))));
    }
    text
}

/// Columns for the text of an instruction.
fn room(report: &SizeReport, style: Style) -> usize {
    let built = if report.built.is_some() { 11 } else { 0 };
    style.width.clamp(72, 140) - 25 - bar_columns(report, style) - built
}

fn layer(
    report: &SizeReport,
    row: &Row<'_>,
    scale: u64,
    style: Style,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let room = room(report, style);
    let text = cut(&plain(&row.text), room);
    let padding = " ".repeat(room.saturating_sub(text.chars().count()));
    let bar = bar(row.weight.size.likely, scale, bar_columns(report, style), style.unicode);
    let bar = paint.color(&bar, color(row.kind));
    let size = row.size_text();
    write!(out, "{:>5}  {text}{padding} {bar} {size:>16}", row.line)?;
    match report.built.as_ref().map(|built| built.made_by(row.inst)) {
        Some(real) => writeln!(out, " {:>10}", real.map_or("-".to_string(), megabytes))?,
        None => writeln!(out)?,
    }
    if row.kind == Kind::Base && row.parts.iter().all(|part| row.text.contains(&part.what)) {
        return Ok(());
    }
    for part in &row.parts {
        let size = match part.cost {
            Some(cost) if cost.size.high == 0 => continue,
            Some(cost) => {
                let basis = basis_text(&Weight::of([*part]));
                // A narrow line has no room for the word, and a range says it too.
                let word = if basis.contains(" to ") && style.width >= 100 { "estimate: " } else { "" };
                format!("{} ({word}{basis})", megabytes(cost.size.likely))
            }
            None => "unknown".to_string(),
        };
        // What a base was taken for is said whole.
        let what = match part.kind {
            Kind::Base => plain(&part.what),
            _ => cut(&plain(&part.what), style.width.max(72).saturating_sub(9 + size.chars().count()).max(30)),
        };
        writeln!(out, "       {}", paint.dim(&format!("{what}: {size}")))?;
    }
    Ok(())
}

fn variants(report: &SizeReport, whole: &Weight, style: Style, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let scale = whole.size.likely.max(1);
    let line = |name: &str, weight: &Weight, note: &str, out: &mut dyn Write| {
        let bar = paint.color(&bar(weight.size.likely, scale, BAR, style.unicode), Color::Green);
        writeln!(out, "{name:<24} {bar} {:>16}  {}", weight_text(weight), paint.dim(note))
    };
    line("now", whole, "", out)?;
    for after in &report.after {
        let weight = total(&after.checked.size);
        let saved = whole.size.likely.saturating_sub(weight.size.likely);
        let note = match saved {
            0 => "saves no bytes".to_string(),
            saved if weight.unknown > 0 => format!("saves about {}: {}", megabytes(saved), after.way.command()),
            saved => format!("saves {}: {}", megabytes(saved), after.way.command()),
        };
        line(after.way.words(), &weight, &note, out)?;
    }
    if let Some(why) = &report.not_rewritten {
        writeln!(out, "{}", paint.dim(&format!("not rewritten: {}", plain(why))))?;
    }
    if let Some(limit) = report.max_size.filter(|_| whole.unknown > 0 && whole.size.likely == 0) {
        let text = format!("the limit of {} is not checked: what the image weighs is unknown", megabytes(limit));
        writeln!(out, "{text}")?;
    }
    if let Some(limit) = report.max_size.filter(|limit| whole.size.likely > *limit) {
        let over = megabytes(whole.size.likely - limit);
        let text = format!("{over} above the limit of {}", megabytes(limit));
        writeln!(out, "{}", paint.bold(&text, Color::Red))?;
    }
    Ok(())
}

fn built(report: &SizeReport, style: Style, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let Some(built) = &report.built else { return Ok(()) };
    writeln!(out)?;
    let name = format!("built image {}", plain(&built.name));
    let layers = built.layers.iter().filter(|layer| layer.bytes > 0).count();
    writeln!(out, "{}  {} in {layers} layers", paint.bold(&name, Color::Cyan), megabytes(built.bytes()))?;
    let room = style.width.clamp(72, 140) - 19;
    for (at, layer) in built.layers.iter().enumerate().filter(|(_, layer)| layer.bytes > 0) {
        let text = cut(&plain(layer.made_by()), room);
        let padding = " ".repeat(room.saturating_sub(text.chars().count()));
        writeln!(out, "{:>5}  {text}{padding} {:>10}", at + 1, megabytes(layer.bytes))?;
    }
    for (title, finds, sum) in built.lists() {
        if finds.list.is_empty() {
            continue;
        }
        let sum = sum.map_or(String::new(), |bytes| format!("  {}", megabytes(bytes)));
        writeln!(out, "{}{sum}", paint.bold(title, Color::Yellow))?;
        for found in finds.list.iter().take(8) {
            let note = if found.note.is_empty() { String::new() } else { format!("  {}", found.note) };
            writeln!(out, "{:>10}  /{}{}", megabytes(found.bytes), plain(&found.path), paint.dim(&plain(&note)))?;
        }
    }
    Ok(())
}

fn fleets(report: &SizeReport, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let Some(fleets) = fleet::of(report) else { return Ok(()) };
    let fleet = fleets.fleet;
    writeln!(out)?;
    let title = format!("{} services, {} deployments of each a day", fleet.services, fleet.deploys);
    writeln!(out, "{}", paint.bold(&title, Color::Cyan))?;
    writeln!(out, "{}", paint.dim("compressed bytes, every deployment kept and sent once, no layer shared"))?;
    writeln!(out, "{:<24} {:>14} {:>14} {:>14}", "", "a month", "a year", "on the hosts")?;
    for (way, month) in fleets.months {
        let name = way.map_or("now", super::Way::words);
        let (month_bytes, year) = (fleet::large(month.transfer), fleet::large(month.transfer.saturating_mul(12)));
        writeln!(out, "{name:<24} {month_bytes:>14} {year:>14} {:>14}", fleet::large(month.on_hosts))?;
    }
    Ok(())
}

pub(super) fn tables(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:<24} {:>6}  {:<10}  {:<10}  holds", "table", "rows", "oldest", "newest")?;
    for table in known() {
        let (name, rows, about) = (table.name, table.rows, table.about);
        writeln!(out, "{name:<24} {rows:>6}  {:<10}  {:<10}  {about}", table.oldest, table.newest)?;
    }
    writeln!(
        out,
        "sizes are linux/amd64, MB are 10^6 bytes; sources stand in each row, rules/tables/README.md tells how they were made"
    )
}

fn color(kind: Kind) -> Color {
    match kind {
        Kind::Base => Color::Blue,
        Kind::Packages => Color::Cyan,
        Kind::Recommends | Kind::Leftover | Kind::Again => Color::Yellow,
        Kind::Program | Kind::Copied => Color::Green,
        Kind::Files | Kind::Fetched => Color::Magenta,
        Kind::Unknown => Color::White,
    }
}

/// A bar of eighths.
fn bar(bytes: u64, scale: u64, columns: usize, unicode: bool) -> String {
    let eighths = (bytes as f64 / scale as f64 * (columns * 8) as f64).round() as usize;
    let eighths = eighths.clamp(usize::from(bytes > 0), columns * 8);
    let (full, rest) = (eighths / 8, eighths % 8);
    let mut bar = if unicode { "█" } else { "#" }.repeat(full);
    if rest > 0 {
        let parts = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
        bar.push(if unicode { parts.get(rest - 1).copied().unwrap_or('▏') } else { '-' });
    }
    let width = full + usize::from(rest > 0);
    bar.push_str(&" ".repeat(columns - width));
    bar
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_string();
    }
    let mut cut: String = text.chars().take(room.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

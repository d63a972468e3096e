//! What a fleet of services keeps and sends, before and after.

use super::{SizeReport, Way, total};
use crate::size::{Fleet, Month};

/// A month of each variant, the file as it is first.
pub struct Fleets {
    pub fleet: Fleet,
    pub months: Vec<(Option<Way>, Month)>,
}

pub(super) fn of(report: &SizeReport) -> Option<Fleets> {
    let fleet = report.fleet?;
    let mut months = vec![(None, fleet.month(&total(&report.now.size)))];
    months.extend(report.after.iter().map(|after| (Some(after.way), fleet.month(&total(&after.checked.size)))));
    Some(Fleets { fleet, months })
}

/// `1.2 TB`, `340 GB`, `12 MB`.
pub(super) fn large(bytes: u64) -> String {
    match bytes {
        0..=9_999_999_999 => super::megabytes(bytes),
        10_000_000_000..=999_999_999_999 => format!("{:.0} GB", bytes as f64 / 1e9),
        _ => format!("{:.1} TB", bytes as f64 / 1e12),
    }
}

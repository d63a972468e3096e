//! The page for the browser.

use super::SizeReport;

pub(super) fn page(_report: &SizeReport) -> String {
    String::new()
}

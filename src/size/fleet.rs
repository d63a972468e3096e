//! What many services with many deployments keep and send: the arithmetic of the first article.

use super::Weight;

/// How often an image is built and sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    pub services: u64,
    /// A day, of each service.
    pub deploys: u64,
}

/// Bytes of a month of 30 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Month {
    /// Kept in the registry when every deployment's image stays: compressed bytes.
    pub storage: u64,
    /// Sent to the hosts: compressed bytes, each deployment to one host.
    pub transfer: u64,
    /// Unpacked on the hosts, one image of each service.
    pub on_hosts: u64,
}

impl Fleet {
    /// Nothing is shared between deployments: the upper bound that holds when each build makes all layers anew.
    pub fn month(self, weight: &Weight) -> Month {
        let deployments = self.services.saturating_mul(self.deploys).saturating_mul(30);
        let bytes = weight.compressed.saturating_mul(deployments);
        Month { storage: bytes, transfer: bytes, on_hosts: weight.size.likely.saturating_mul(self.services) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Size;

    #[test]
    fn a_month_is_services_times_deployments_times_thirty() {
        let weight = Weight { size: Size::exact(868_000_000), compressed: 300_000_000, ..Weight::default() };
        let month = Fleet { services: 18, deploys: 5 }.month(&weight);
        assert_eq!(month.transfer, 300_000_000 * 18 * 5 * 30);
        assert_eq!(month.on_hosts, 868_000_000 * 18);
    }
}

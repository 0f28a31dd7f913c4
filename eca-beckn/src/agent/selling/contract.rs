//! One sale, and the contract that says how it stands.

use super::{PricedOffer, Sales};
use crate::agent::Stage;
use crate::message::{
    Attributes, Column, Commitment, Consideration, Contract, ContractState, Delivery, MarketRole, Party, Performance,
    Settlement, TimeSeries,
};
use eca_core::{SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};

/// A half hour as it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metered {
    /// Which half hour.
    pub period: SettlementPeriod,
    /// What would have been used, Wh.
    pub baseline_wh: i64,
    /// What was used, Wh.
    pub metered_wh: i64,
}

/// One contract of the selling side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sale {
    /// The transaction it came from.
    pub transaction_id: String,
    /// Its id, from the draft on.
    pub contract_id: Option<String>,
    /// Who asked.
    pub bap: Party,
    /// How far it is.
    pub stage: Stage,
    /// What was sold.
    pub offer: PricedOffer,
    /// What was measured.
    pub metered: Vec<Metered>,
    /// What was settled, µGBP.
    pub settled_ugbp: Option<i64>,
}

impl Sales {
    /// The contract as it stands.
    #[must_use]
    pub fn contract(&self, sale: &Sale) -> Contract {
        let (state, promise) = match sale.stage {
            Stage::Offered | Stage::Selected | Stage::Drafted => (ContractState::Draft, ContractState::Draft),
            Stage::Cancelled => (ContractState::Cancelled, ContractState::Complete),
            Stage::Settled => (ContractState::Complete, ContractState::Complete),
            _ => (ContractState::Active, ContractState::Active),
        };
        let terms = &sale.offer.terms;
        let estimate = cash_ugbp(terms.committed_wh(), terms.price_ugbp_per_mwh);
        let status = match (sale.settled_ugbp, state) {
            (Some(_), _) => "FINAL",
            (None, ContractState::Draft) => "ESTIMATE",
            _ => "AGREED",
        };
        let settled = sale.stage == Stage::Settled;
        let settlement = settled.then(|| Settlement {
            id: "settlement-1".into(),
            consideration_id: "payment-1".into(),
            state: ContractState::Complete,
        });
        Contract {
            id: sale.contract_id.clone(),
            state,
            commitments: vec![Commitment {
                id: "commitment-1".into(),
                state: promise,
                resource_id: sale.offer.resource_id.clone(),
                need: Some(sale.offer.need.clone()),
                offer_id: sale.offer.id.clone(),
                series: Some(sale.offer.series()),
            }],
            considerations: vec![Consideration {
                id: "payment-1".into(),
                status: status.into(),
                amount_ugbp: sale.settled_ugbp.unwrap_or(estimate),
                paid: settled,
            }],
            roles: vec![(MarketRole::Buyer, sale.bap.id.clone()), (MarketRole::Seller, self.provider.0.clone())],
            performance: self.performance(sale),
            settlements: settlement.into_iter().collect(),
            terms: Some(terms.clone()),
        }
    }

    fn performance(&self, sale: &Sale) -> Vec<Performance> {
        if sale.metered.is_empty() {
            return Vec::new();
        }
        // Half an hour: 1 Wh is 2 W.
        let kw = |wh: i64| wh as f64 * 2.0 / 1e3;
        let columns = [
            Column::new("BASELINE", "KW", sale.metered.iter().map(|m| kw(m.baseline_wh))).reported(),
            Column::new("USAGE", "KW", sale.metered.iter().map(|m| kw(m.metered_wh))).reported(),
        ];
        let start = sale.metered.first().map_or(Timestamp::EPOCH, |first| first.period.start_utc());
        let (code, name) = match sale.stage {
            Stage::Settled => ("SETTLED", "settled"),
            Stage::Delivered => ("DELIVERY_COMPLETE", "every half hour is measured"),
            _ => ("DELIVERY_COMPLETE_PARTIAL", "half hours measured so far"),
        };
        vec![Performance {
            id: "performance-1".into(),
            code: code.into(),
            name: name.into(),
            commitment_ids: vec!["commitment-1".into()],
            attributes: Some(Attributes::Delivery(Delivery {
                event: sale.contract_id.clone().unwrap_or_default(),
                methodology: sale.offer.terms.baseline_method.clone(),
                meters: vec![(self.meter_id.clone(), TimeSeries::new(start, 1800, columns))],
            })),
        }]
    }
}

/// Energy at a price, µGBP, half away from zero.
fn cash_ugbp(wh: i64, price_ugbp_per_mwh: i64) -> i64 {
    let exact = i128::from(wh) * i128::from(price_ugbp_per_mwh);
    let half = if exact < 0 { -500_000 } else { 500_000 };
    i64::try_from((exact + half) / 1_000_000).unwrap_or(i64::MAX)
}

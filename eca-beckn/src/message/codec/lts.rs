//! 2.0.0 LTS with the demand-flex profile.

use crate::message::attributes::{Attributes, Need, missing, published, quantity, text, time};
use crate::message::neutral::*;
use crate::message::series::{Column, TimeSeries, number, plain};
use crate::message::{Action, Verb, duration};
use crate::{Error, Result};
use serde_json::{Value, json};

/// The value of `message`.
pub(super) fn write(content: &Content) -> Result<Value> {
    Ok(match content {
        Content::Intent(intent) => json!({"intent": intent_out(intent)?}),
        Content::Catalog(catalog) => json!({"catalogs": [catalog_out(catalog)]}),
        Content::Contract(contract) => json!({"contract": contract_out(contract)?}),
        Content::Error(_) => json!({}),
        Content::Other(value) => value.clone(),
        Content::Order(..) => {
            return Err(Error::message("SCH_REQUIRED_FIELD_MISSING", "2.0.0 names a contract with its commitments"));
        }
    })
}

pub(super) fn read(action: Action, message: &Value) -> Result<Content> {
    Ok(match action.verb {
        Verb::Discover if !action.callback => Content::Intent(intent_in(&message["intent"])),
        Verb::Discover | Verb::Publish => match message["catalogs"].get(0) {
            Some(catalog) => Content::Catalog(catalog_in(catalog)?),
            None => Content::Other(message.clone()),
        },
        _ if message["contract"].is_object() => Content::Contract(contract_in(&message["contract"])?),
        _ => Content::Other(message.clone()),
    })
}

// ---- intent ---------------------------------------------------------------------------------------------------------

/// An intent has no place for a series: the need stands in a filter over what catalogues hold.
fn intent_out(intent: &Intent) -> Result<Value> {
    let mut object = json!({"textSearch": intent.text});
    if let Some(need) = &intent.need {
        let capacity = need.series.values("CAPACITY_REQUESTED").ok_or_else(|| missing("CAPACITY_REQUESTED"))?;
        let most = capacity.iter().copied().fold(0.0, f64::max);
        let mut terms = vec![
            format!("@.intervalPeriod.start == '{}'", need.series.start),
            format!("@.intervalPeriod.duration == '{}'", duration::text(need.series.step_s)),
            format!("@.intervals == {}", capacity.len()),
            format!("@.capacityRequestedKw >= {}", plain(most)),
        ];
        if let Some(group) = &need.gsp_group {
            terms.push(format!("@.zone.gspGroup == '{group}'"));
        }
        if let Some(price) = need.series.values("PRICE") {
            terms.push(format!("@.priceGbpPerKwh <= {}", plain(price.into_iter().fold(f64::MIN, f64::max))));
        }
        object["filters"] =
            json!({"type": "jsonpath", "expression": format!("$.catalogs[*].offers[?({})]", terms.join(" && "))});
    }
    Ok(object)
}

fn intent_in(intent: &Value) -> Intent {
    let expression = intent["filters"]["expression"].as_str().unwrap_or_default();
    Intent { text: intent["textSearch"].as_str().unwrap_or_default().into(), need: need_of(expression) }
}

/// The need in a filter, if it has the terms that ECA writes, in any order and among others.
fn need_of(expression: &str) -> Option<Need> {
    let term = |name: &str| {
        let after = expression.split(&format!("@.{name} ")).nth(1)?;
        let value = after.trim_start_matches(['=', '<', '>', ' ']);
        let end = value.find(" && ").or_else(|| value.find(")]")).unwrap_or(value.len());
        Some(value[..end].trim().trim_matches('\''))
    };
    let intervals: usize = term("intervals")?.parse().ok().filter(|count| (1..=1000).contains(count))?;
    let column = |name: &str, payload: &str, units: &str| {
        let value: f64 = term(name)?.parse().ok().filter(|value: &f64| value.is_finite())?;
        Some(Column::new(payload, units, vec![value; intervals]).by("buyer"))
    };
    let step_s = duration::seconds(term("intervalPeriod.duration")?).ok().filter(|step| *step > 0)?;
    let mut series = TimeSeries::new(
        eca_core::Timestamp::parse(term("intervalPeriod.start")?).ok()?,
        step_s,
        [column("capacityRequestedKw", "CAPACITY_REQUESTED", "KW")?],
    );
    series.columns.extend(column("priceGbpPerKwh", "PRICE", "GBP_PER_KWH"));
    Some(Need { gsp_group: term("zone.gspGroup").map(str::to_owned), series })
}

// ---- catalogue ------------------------------------------------------------------------------------------------------

fn catalog_out(catalog: &Catalog) -> Value {
    let (id, name) = &catalog.provider;
    let mut object = json!({"id": catalog.id, "descriptor": {"name": catalog.name},
        "provider": {"id": id, "descriptor": {"name": name}}});
    let resources: Vec<Value> = catalog
        .resources
        .iter()
        .map(|resource| {
            let mut object = json!({"id": resource.id, "descriptor": {"name": resource.name}});
            if let Some(attributes) = &resource.attributes {
                object["resourceAttributes"] = attributes.write();
            }
            object
        })
        .collect();
    let offers: Vec<Value> = catalog
        .offers
        .iter()
        .map(|offer| {
            let mut object =
                json!({"id": offer.id, "descriptor": {"name": offer.name}, "resourceIds": offer.resource_ids});
            if let Some((from, to)) = &offer.validity {
                object["validity"] = json!({"startDate": from.to_string(), "endDate": to.to_string()});
            }
            if let Some(series) = &offer.series {
                object["offerAttributes"] = Attributes::Series(series.clone()).write();
            }
            object
        })
        .collect();
    // The schema asks for one of the two; an empty answer has an empty list of offers.
    if !resources.is_empty() {
        object["resources"] = resources.into();
    }
    object["offers"] = offers.into();
    object
}

fn catalog_in(catalog: &Value) -> Result<Catalog> {
    let name = |value: &Value| value["descriptor"]["name"].as_str().unwrap_or_default().to_owned();
    let mut resources = Vec::new();
    for resource in catalog["resources"].as_array().into_iter().flatten() {
        let attributes = resource.get("resourceAttributes").map(Attributes::read).transpose()?;
        resources.push(Resource { id: text(resource, "id")?, name: name(resource), attributes });
    }
    let mut offers = Vec::new();
    for offer in catalog["offers"].as_array().into_iter().flatten() {
        let validity = &offer["validity"];
        let validity = match (time(validity, "startDate"), time(validity, "endDate")) {
            (Ok(from), Ok(to)) => Some((from, to)),
            _ => None,
        };
        let ids = offer["resourceIds"].as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned));
        offers.push(Offer {
            id: text(offer, "id")?,
            name: name(offer),
            resource_ids: ids.collect(),
            validity,
            series: TimeSeries::read(&offer["offerAttributes"])?,
        });
    }
    Ok(Catalog {
        id: text(catalog, "id")?,
        name: name(catalog),
        provider: (catalog["provider"]["id"].as_str().unwrap_or_default().into(), name(&catalog["provider"])),
        resources,
        offers,
    })
}

// ---- contract -------------------------------------------------------------------------------------------------------

fn contract_out(contract: &Contract) -> Result<Value> {
    let mut object = json!({"status": {"code": contract.state.code()}});
    if let Some(id) = &contract.id {
        object["id"] = id.as_str().into();
    }
    if contract.commitments.is_empty() {
        return Err(Error::message("SCH_REQUIRED_FIELD_MISSING", "a contract has one commitment or more"));
    }
    object["commitments"] = contract.commitments.iter().map(commitment_out).collect();
    let roles: Vec<Value> =
        contract.roles.iter().map(|(role, id)| json!({"role": role.name(), "participantId": id})).collect();
    if !roles.is_empty() {
        object["participants"] = contract.roles.iter().map(|(_, id)| json!({"id": id})).collect();
    }
    if let Some(terms) = &contract.terms {
        let mut terms = terms.write();
        terms["roles"] = roles.into();
        object["contractAttributes"] = terms;
    } else if !roles.is_empty() {
        object["contractAttributes"] =
            json!({"@context": published("DEGContract/v2.0"), "@type": "DEGContract", "roles": roles});
    }
    let mut list = |key: &str, items: Vec<Value>| {
        if !items.is_empty() {
            object[key] = items.into();
        }
    };
    list("consideration", contract.considerations.iter().map(consideration_out).collect());
    list("performance", contract.performance.iter().map(performance_out).collect());
    let settled = |settlement: &Settlement| {
        let state = match settlement.state {
            ContractState::Complete => "COMPLETE",
            ContractState::Active => "COMMITTED",
            _ => "DRAFT",
        };
        json!({"id": settlement.id, "considerationId": settlement.consideration_id, "status": state})
    };
    list("settlements", contract.settlements.iter().map(settled).collect());
    Ok(object)
}

fn commitment_out(commitment: &Commitment) -> Value {
    let state = match commitment.state {
        ContractState::Draft => "DRAFT",
        ContractState::Active => "ACTIVE",
        _ => "CLOSED",
    };
    // The schema asks for a quantity: the most that is promised, or asked for where nothing is promised yet.
    let promised = commitment.series.as_ref().and_then(|series| series.values("CAPACITY_OFFERED"));
    let asked = || commitment.need.as_ref().and_then(|need| need.series.values("CAPACITY_REQUESTED"));
    let most = promised.or_else(asked).unwrap_or_default().into_iter().fold(0.0, f64::max);
    let mut resource = json!({"id": commitment.resource_id, "quantity": quantity("KW", most)});
    if let Some(need) = &commitment.need {
        resource["resourceAttributes"] = Attributes::Need(need.clone()).write();
    }
    let mut object = json!({"id": commitment.id, "status": {"descriptor": {"code": state}}, "resources": [resource],
        "offer": {"id": commitment.offer_id, "resourceIds": [commitment.resource_id]}});
    if let Some(series) = &commitment.series {
        object["commitmentAttributes"] = Attributes::Series(series.clone()).write();
    }
    object
}

fn consideration_out(consideration: &Consideration) -> Value {
    let status = if consideration.paid { "COMPLETE" } else { "PENDING" };
    let amount = json!({"currency": "GBP", "value": plain(consideration.amount_ugbp as f64 / 1e6)});
    json!({"id": consideration.id, "status": {"code": consideration.status},
        "considerationAttributes": {"@context": published("SettlementTerm/v2.0"), "@type": "SettlementTerm",
            "amount": amount, "settlementStatus": status, "paymentTrigger": "ON_FULFILLMENT"}})
}

fn performance_out(performance: &Performance) -> Value {
    let mut object = json!({"id": performance.id, "commitmentIds": performance.commitment_ids,
        "status": {"code": performance.code, "name": performance.name}});
    if let Some(attributes) = &performance.attributes {
        object["performanceAttributes"] = attributes.write();
    }
    object
}

fn contract_in(contract: &Value) -> Result<Contract> {
    let items = |key: &str| contract[key].as_array().into_iter().flatten();
    let mut read = Contract {
        id: contract["id"].as_str().map(str::to_owned),
        state: ContractState::of(&contract["status"]["code"]),
        ..Contract::default()
    };
    for commitment in items("commitments") {
        read.commitments.push(commitment_in(commitment)?);
    }
    let attributes = &contract["contractAttributes"];
    for role in attributes["roles"].as_array().into_iter().flatten() {
        if let (Some(name), Some(id)) = (role["role"].as_str(), role["participantId"].as_str()) {
            read.roles.extend(MarketRole::parse(name).map(|role| (role, id.to_owned())));
        }
    }
    if let Some(Attributes::Terms(terms)) = contract.get("contractAttributes").map(Attributes::read).transpose()? {
        read.terms = Some(terms);
    }
    for item in items("consideration") {
        // Published examples leave `status` out; a sum of another kind than an amount is not ours to judge.
        let Some(value) = number(&item["considerationAttributes"]["amount"]["value"]) else { continue };
        read.considerations.push(Consideration {
            id: text(item, "id")?,
            status: item["status"]["code"].as_str().unwrap_or_default().into(),
            amount_ugbp: (value * 1e6).round() as i64,
            paid: item["considerationAttributes"]["settlementStatus"] == "COMPLETE",
        });
    }
    for item in items("performance") {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        read.performance.push(Performance {
            id: text(&item["id"]),
            code: text(&item["status"]["code"]),
            name: text(&item["status"]["name"]),
            commitment_ids: item["commitmentIds"].as_array().into_iter().flatten().map(text).collect(),
            attributes: item.get("performanceAttributes").map(Attributes::read).transpose()?,
        });
    }
    for item in items("settlements") {
        read.settlements.push(Settlement {
            id: item["id"].as_str().unwrap_or_default().into(),
            consideration_id: item["considerationId"].as_str().unwrap_or_default().into(),
            state: ContractState::of(&item["status"]),
        });
    }
    Ok(read)
}

fn commitment_in(commitment: &Value) -> Result<Commitment> {
    let resource = &commitment["resources"][0];
    let need = resource.get("resourceAttributes").map(Attributes::read).transpose()?.and_then(Attributes::need);
    Ok(Commitment {
        id: commitment["id"].as_str().unwrap_or_default().into(),
        state: ContractState::of(&commitment["status"]["descriptor"]["code"]),
        resource_id: resource["id"].as_str().unwrap_or_default().into(),
        need,
        offer_id: commitment["offer"]["id"].as_str().unwrap_or_default().into(),
        series: TimeSeries::read(&commitment["commitmentAttributes"])?,
    })
}

//! 1.1.x: `search`, orders, and tag groups for everything that it has no field for.

use super::tags;
use crate::message::attributes::Attributes;
use crate::message::neutral::*;
use crate::message::series::number;
use crate::message::{Action, FlexTerms, Verb};
use crate::{Error, Result};
use eca_core::Timestamp;
use serde_json::{Value, json};

/// The value of `message`.
pub(super) fn write(action: Action, content: &Content) -> Result<Value> {
    let named = |id: Option<&String>| {
        id.map(|id| json!({"order_id": id}))
            .ok_or_else(|| Error::message("SCH_REQUIRED_FIELD_MISSING", "the order has no id"))
    };
    Ok(match content {
        Content::Intent(intent) => {
            let mut object = json!({"descriptor": {"name": intent.text}});
            if let Some(need) = &intent.need {
                object["tags"] = json!([tags::group(&Attributes::Need(need.clone()).write())]);
            }
            json!({"intent": object})
        }
        Content::Catalog(catalog) => json!({"catalog": catalog_out(catalog)}),
        Content::Contract(contract)
            if !action.callback && matches!(action.verb, Verb::Status | Verb::Cancel | Verb::Track) =>
        {
            named(contract.id.as_ref())?
        }
        Content::Contract(contract) if action == Action::ask(Verb::Update) => {
            json!({"update_target": "order.offers", "order": order_out(contract)})
        }
        Content::Contract(contract) => json!({"order": order_out(contract)}),
        Content::Order(id, reason) => {
            let mut object = named(Some(id))?;
            if let Some(reason) = reason {
                object["cancellation_reason_id"] = reason.as_str().into();
            }
            object
        }
        Content::Error(_) => json!({}),
        Content::Other(value) => value.clone(),
    })
}

pub(super) fn read(action: Action, message: &Value) -> Result<Content> {
    Ok(match action.verb {
        Verb::Discover if !action.callback => Content::Intent(intent_in(&message["intent"])?),
        Verb::Discover if message["catalog"].is_object() => Content::Catalog(catalog_in(&message["catalog"])?),
        Verb::Status | Verb::Cancel | Verb::Track if !action.callback && message["order_id"].is_string() => {
            Content::Order(text(&message["order_id"]), message["cancellation_reason_id"].as_str().map(str::to_owned))
        }
        _ if message["order"].is_object() => Content::Contract(order_in(&message["order"])?),
        _ => Content::Other(message.clone()),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

fn name(value: &Value) -> String {
    text(&value["descriptor"]["name"])
}

/// What known tag groups hold.
fn attributes(object: &Value) -> Result<Vec<Attributes>> {
    tags::objects(&object["tags"]).iter().map(Attributes::read).collect()
}

fn intent_in(intent: &Value) -> Result<Intent> {
    let need = attributes(intent)?.into_iter().find_map(Attributes::need);
    Ok(Intent { text: name(intent), need })
}

fn catalog_out(catalog: &Catalog) -> Value {
    let (id, provider) = &catalog.provider;
    let items: Vec<Value> = catalog
        .resources
        .iter()
        .map(|resource| {
            let mut item = json!({"id": resource.id, "descriptor": {"name": resource.name}});
            if let Some(attributes) = &resource.attributes {
                item["tags"] = json!([tags::group(&attributes.write())]);
            }
            item
        })
        .collect();
    let offers: Vec<Value> = catalog
        .offers
        .iter()
        .map(|offer| {
            let mut object =
                json!({"id": offer.id, "descriptor": {"name": offer.name}, "item_ids": offer.resource_ids});
            if let Some((from, to)) = &offer.validity {
                object["time"] = json!({"range": {"start": from.to_string(), "end": to.to_string()}});
            }
            if let Some(series) = &offer.series {
                object["tags"] = json!([tags::group(&Attributes::Series(series.clone()).write())]);
            }
            object
        })
        .collect();
    json!({"descriptor": {"code": catalog.id, "name": catalog.name},
        "providers": [{"id": id, "descriptor": {"name": provider}, "items": items, "offers": offers}]})
}

fn catalog_in(catalog: &Value) -> Result<Catalog> {
    let provider = &catalog["providers"][0];
    let (mut resources, mut offers) = (Vec::new(), Vec::new());
    for item in provider["items"].as_array().into_iter().flatten() {
        let attributes = attributes(item)?.into_iter().next();
        resources.push(Resource { id: text(&item["id"]), name: name(item), attributes });
    }
    for offer in provider["offers"].as_array().into_iter().flatten() {
        let range = &offer["time"]["range"];
        let time = |key: &str| range[key].as_str().and_then(|text| Timestamp::parse(text).ok());
        offers.push(Offer {
            id: text(&offer["id"]),
            name: name(offer),
            resource_ids: offer["item_ids"].as_array().into_iter().flatten().map(text).collect(),
            validity: time("start").zip(time("end")),
            series: series(offer)?,
        });
    }
    Ok(Catalog {
        id: text(&catalog["descriptor"]["code"]),
        name: name(catalog),
        provider: (text(&provider["id"]), name(provider)),
        resources,
        offers,
    })
}

fn series(object: &Value) -> Result<Option<crate::message::TimeSeries>> {
    Ok(attributes(object)?.into_iter().find_map(|found| match found {
        Attributes::Series(series) => Some(series),
        _ => None,
    }))
}

fn money(ugbp: i64) -> String {
    let sign = if ugbp < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:06}", ugbp.unsigned_abs() / 1_000_000, ugbp.unsigned_abs() % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').into()
}

fn order_out(contract: &Contract) -> Value {
    let mut order = json!({"type": if contract.state == ContractState::Draft { "DRAFT" } else { "DEFAULT" }});
    if let Some(id) = &contract.id {
        order["id"] = id.as_str().into();
    }
    if contract.state != ContractState::Draft {
        order["status"] = contract.state.code().into();
    }
    if let Some((_, seller)) = contract.roles.iter().find(|(role, _)| *role == MarketRole::Seller) {
        order["provider"] = json!({"id": seller});
    }
    let items = contract.commitments.iter().map(|commitment| {
        let need = commitment.need.clone().map(|need| tags::group(&Attributes::Need(need).write()));
        json!({"id": commitment.resource_id, "fulfillment_ids": [commitment.id], "tags": need.into_iter().collect::<Vec<_>>()})
    });
    order["items"] = items.collect();
    let offers = contract.commitments.iter().map(|commitment| {
        let series = commitment.series.clone().map(|series| tags::group(&Attributes::Series(series).write()));
        json!({"id": commitment.offer_id, "item_ids": [commitment.resource_id], "tags": series.into_iter().collect::<Vec<_>>()})
    });
    order["offers"] = offers.collect();
    let fulfillments = contract.performance.iter().map(|performance| {
        let tags: Vec<Value> = performance.attributes.iter().map(|found| tags::group(&found.write())).collect();
        json!({"id": performance.id, "state": {"descriptor": {"code": performance.code, "name": performance.name}}, "tags": tags})
    });
    order["fulfillments"] = fulfillments.collect();
    if let Some(sum) = contract.considerations.first() {
        let price = json!({"currency": "GBP", "value": money(sum.amount_ugbp)});
        order["quote"] = json!({"price": price});
    }
    let payments = contract.considerations.iter().map(|sum| {
        json!({"id": sum.id, "type": "POST-FULFILLMENT", "status": if sum.paid { "PAID" } else { "NOT-PAID" },
            "params": {"amount": money(sum.amount_ugbp), "currency": "GBP"},
            "tags": [{"descriptor": {"code": "CONSIDERATION"}, "list": [{"descriptor": {"code": "status"}, "value": sum.status}]}]})
    });
    order["payments"] = payments.collect();
    // What an order has no field for.
    let roles = contract.roles.iter().map(|(role, id)| json!({"role": role.name(), "participantId": id}));
    let commitments = contract.commitments.iter().map(|each| json!({"id": each.id, "state": each.state.code()}));
    let performance = contract.performance.iter().map(|each| json!({"commitmentIds": each.commitment_ids}));
    let settlements = contract
        .settlements
        .iter()
        .map(|each| json!({"id": each.id, "considerationId": each.consideration_id, "state": each.state.code()}));
    let rest = json!({"@type": "Contract", "roles": roles.collect::<Vec<_>>(), "commitments": commitments.collect::<Vec<_>>(),
        "performance": performance.collect::<Vec<_>>(), "settlements": settlements.collect::<Vec<_>>()});
    let terms = contract.terms.iter().map(|terms| tags::group(&terms.write()));
    order["tags"] = std::iter::once(tags::group(&rest)).chain(terms).collect();
    order
}

fn order_in(order: &Value) -> Result<Contract> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let groups = tags::objects(&order["tags"]);
    let rest = groups.iter().find(|object| object["@type"] == "Contract").cloned().unwrap_or(Value::Null);
    let terms = groups.iter().find(|object| object["@type"] == "FlexTerms").map(FlexTerms::read).transpose()?;
    let mut contract = Contract {
        id: order["id"].as_str().map(str::to_owned),
        state: ContractState::of(&order["status"]),
        terms,
        ..Contract::default()
    };
    let offers = list(&order["offers"]);
    for (i, item) in list(&order["items"]).iter().enumerate() {
        let known = &rest["commitments"][i];
        let offer = offers.get(i).cloned().unwrap_or(Value::Null);
        let need = attributes(item)?.into_iter().find_map(Attributes::need);
        contract.commitments.push(Commitment {
            id: known["id"].as_str().or(item["fulfillment_ids"][0].as_str()).unwrap_or_default().into(),
            state: ContractState::of(known.get("state").unwrap_or(&order["status"])),
            resource_id: text(&item["id"]),
            need,
            offer_id: text(&offer["id"]),
            series: series(&offer)?,
        });
    }
    for payment in list(&order["payments"]) {
        let amount = number(&payment["params"]["amount"]).or_else(|| number(&order["quote"]["price"]["value"]));
        let Some(amount) = amount else { continue };
        contract.considerations.push(Consideration {
            id: text(&payment["id"]),
            status: text(&payment["tags"][0]["list"][0]["value"]),
            amount_ugbp: (amount * 1e6).round() as i64,
            paid: payment["status"] == "PAID",
        });
    }
    for role in list(&rest["roles"]) {
        if let Some(role_name) = MarketRole::parse(&text(&role["role"])) {
            contract.roles.push((role_name, text(&role["participantId"])));
        }
    }
    for (i, fulfillment) in list(&order["fulfillments"]).iter().enumerate() {
        contract.performance.push(Performance {
            id: text(&fulfillment["id"]),
            code: text(&fulfillment["state"]["descriptor"]["code"]),
            name: name(&fulfillment["state"]),
            commitment_ids: list(&rest["performance"][i]["commitmentIds"]).iter().map(text).collect(),
            attributes: attributes(fulfillment)?.into_iter().next(),
        });
    }
    for settlement in list(&rest["settlements"]) {
        contract.settlements.push(Settlement {
            id: text(&settlement["id"]),
            consideration_id: text(&settlement["considerationId"]),
            state: ContractState::of(&settlement["state"]),
        });
    }
    Ok(contract)
}

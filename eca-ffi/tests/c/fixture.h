/* Small documents that need no solver. */
#ifndef ECA_TEST_FIXTURE_H
#define ECA_TEST_FIXTURE_H

static const char PROBLEM_JSON[] =
    "{\"format\":\"eca-problem/1\",\"horizon\":{\"start\":\"2026-03-02T00:00:00Z\",\"step_min\":30,\"periods\":2},"
    "\"regions\":[{\"id\":\"london\",\"it_capacity_mw\":4,\"import_limit_mw\":6,"
    "\"import_price_gbp_per_mwh\":[100,50],\"carbon_g_per_kwh\":[200,100]}],"
    "\"jobs\":[{\"id\":\"embed\",\"inferences\":1000000,"
    "\"points\":[{\"power_mw\":1,\"inferences_per_h\":2000000}]}]}";

/* 2 MW for an hour at 100 g/kWh: 200 kg, and a cap of 150 kg. */
static const char CONFLICT_JSON[] =
    "{\"format\":\"eca-problem/1\",\"horizon\":{\"start\":\"2026-03-02T00:00:00Z\",\"step_min\":60,\"periods\":2},"
    "\"regions\":[{\"id\":\"london\",\"it_capacity_mw\":2,\"import_limit_mw\":9,"
    "\"import_price_gbp_per_mwh\":[50,70],\"carbon_g_per_kwh\":100}],"
    "\"jobs\":[{\"id\":\"embed\",\"inferences\":4000000,"
    "\"points\":[{\"power_mw\":2,\"inferences_per_h\":4000000}]}],"
    "\"carbon_caps\":[{\"id\":\"day\",\"metric\":\"kg\",\"limit\":150,\"window\":\"horizon\",\"kind\":\"strict\"}]}";

/* 4 MW in the only half hour that the job has, and 4 MW less sold in it. */
#define SOLD(KIND)                                                                                                    \
  "{\"format\":\"eca-problem/1\",\"horizon\":{\"start\":\"2026-03-02T00:00:00Z\",\"step_min\":30,\"periods\":4},"     \
  "\"regions\":[{\"id\":\"london\",\"it_capacity_mw\":9,\"import_limit_mw\":9,"                                       \
  "\"import_price_gbp_per_mwh\":50,\"carbon_g_per_kwh\":100}],"                                                       \
  "\"jobs\":[{\"id\":\"J7\",\"gpu_hours\":0.5,\"deadline\":\"2026-03-02T00:30:00Z\","                                 \
  "\"points\":[{\"power_mw\":4,\"gpu_hours_per_h\":1}]}],"                                                            \
  "\"commitments\":[{\"id\":\"dfs-1\",\"route\":\"neso_dfs\",\"region\":\"london\","                                  \
  "\"settlement_periods\":[{\"settlement_date\":\"2026-03-02\",\"settlement_period\":1}],"                            \
  "\"committed_mw\":4,\"baseline_mw\":4" KIND "}]}"

static const char SOLD_JSON[] = SOLD("");
static const char STRICT_JSON[] = SOLD(",\"kind\":\"strict\"");

#define TOTALS                                                                                                        \
  "{\"cost_gbp\":25,\"penalty_gbp\":0,\"energy_mwh\":0.5,\"carbon_kg\":50,\"inferences\":1000000,"                    \
  "\"cost_gbp_per_inference\":0.000025,\"carbon_g_per_inference\":0.05}"

static const char PLAN_JSON[] =
    "{\"format\":\"eca-plan/1\",\"problem_hash\":\"\",\"outcome\":\"optimal\",\"engine\":\"exact\","
    "\"engine_reason\":\"small\",\"objective_gbp\":25,\"bound_gbp\":25,\"gap\":0,\"totals\":" TOTALS ","
    "\"references\":{\"run_at_once\":" TOTALS ",\"cheapest_start\":" TOTALS "},"
    "\"jobs\":[{\"id\":\"embed\",\"copy\":0,\"region\":[null,\"london\"],\"point\":[null,0],\"power_mw\":[0,1],"
    "\"inferences\":[0,1000000],\"finished_at\":\"2026-03-02T01:00:00Z\",\"pauses\":0,\"migrations\":0,"
    "\"undone_frac\":0}],"
    "\"services\":[{\"id\":\"chat\",\"inferences\":{\"london\":[5,6]},\"point_inferences\":{\"london\":[[5,6]]},"
    "\"shed\":[0,7]}],"
    "\"batteries\":[{\"id\":\"rack\",\"charge_mw\":[1,0],\"discharge_mw\":[0,1],\"soc_mwh\":[0.5,0]}],"
    "\"regions\":[{\"id\":\"london\",\"it_mw\":[0,1],\"facility_mw\":[0,1],\"import_mw\":[0,1],\"export_mw\":[0,0],"
    "\"solar_used_mw\":[0,0]}],"
    "\"broken_limits\":[{\"rule\":\"shed\",\"object\":\"chat\",\"period\":1,\"amount\":7,\"unit\":\"inferences\","
    "\"price_gbp\":0.14}],"
    "\"provenance\":{\"solver\":\"none\",\"solver_version\":\"\",\"options\":{},\"eca_version\":\"\"}}";

/* A builder with all kinds of objects, two periods. */
static inline eca_builder *filled_builder(void) {
  static const double price[] = {100.0, 50.0};
  static const double carbon[] = {200.0, 100.0};
  static const double demand[] = {1000.0};
  eca_builder *b = NULL;
  int32_t bad = eca_builder_new(1772409600, 30, 2, &b); /* 2026-03-02T00:00:00Z */
  bad |= eca_builder_add_region(b, "london", 4.0, 6.0);
  bad |= eca_builder_region_set_series(b, "london", "import_price_gbp_per_mwh", price, 2);
  bad |= eca_builder_region_set_series(b, "london", "carbon_g_per_kwh", carbon, 2);
  bad |= eca_builder_add_battery(b, "rack", "london", 1.0, 2.0);
  bad |= eca_builder_add_job(b, "embed", 1000000.0);
  bad |= eca_builder_job_add_point(b, "embed", 1.0, 2000000.0);
  bad |= eca_builder_add_service(b, "chat", demand, 1);
  bad |= eca_builder_service_add_point(b, "chat", 0.3, 40.0);
  bad |= eca_builder_add_carbon_cap(b, "day", "g_per_kwh", 180.0);
  if (bad != 0) abort();
  return b;
}

/* Nothing to give up. */
static const char LADDER_JSON[] =
    "{\"format\":\"eca-shed-ladder/1\",\"problem_hash\":\"\",\"region\":\"london\","
    "\"start\":\"2026-03-02T00:00:00Z\",\"power_mw\":1,\"steps\":[]}";

/* One half hour of 2 MWh promised at 100 GBP/MWh against a fixed baseline of 6 MWh. */
static const char EVENT_JSON[] =
    "{\"format\":\"eca-event/1\",\"event_id\":\"evening\",\"site\":{\"site_id\":\"s\",\"meter_id\":\"hall\"},"
    "\"route\":\"neso_dfs\",\"periods\":[{\"settlement_date\":\"2026-02-19\",\"settlement_period\":35,"
    "\"committed_mwh\":2,\"price_gbp_per_mwh\":100}],\"baseline\":{\"method\":\"fixed\",\"fixed_mwh\":6}}";
static const char METERS_CSV[] =
    "meter_id,start,end,import_wh,export_wh,quality,received_at\n"
    "hall,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,4500000,0,A,2026-02-20T06:00:00Z\n";
/* The job stands in the second half hour, where energy is cheaper: 1 MW off it, and an offer of 3 MW. */
static const char REQUEST_JSON[] =
    "{\"format\":\"eca-offer-request/1\",\"region\":\"london\",\"route\":\"dso_flex\",\"mw\":[1,2],"
    "\"settlement_periods\":[{\"settlement_date\":\"2026-03-02\",\"settlement_period\":2}]}";
static const char OFFER_JSON[] =
    "{\"id\":\"offer\",\"route\":\"dso_flex\",\"region\":\"london\",\"committed_mw\":3,\"baseline_mw\":1,"
    "\"settlement_periods\":[{\"settlement_date\":\"2026-03-02\",\"settlement_period\":2}]}";
/* A buyer who pays 500 GBP/MWh for up to 1 MW off the second half hour. */
static const char OPPORTUNITY_JSON[] =
    "{\"id\":\"evening\",\"route\":\"dso_flex\",\"region\":\"london\",\"max_mw\":1,\"baseline_mw\":1,"
    "\"price_gbp_per_mwh\":500,\"settlement_periods\":[{\"settlement_date\":\"2026-03-02\",\"settlement_period\":2}]}";
/* A ladder of one rung. */
static const char OFFERS_JSON[] =
    "{\"format\":\"eca-offers/1\",\"problem_hash\":\"\",\"region\":\"london\",\"route\":\"dso_flex\",\"ramp_min\":0,"
    "\"rungs\":[{\"mw\":1,\"settlement_periods\":[{\"settlement_date\":\"2026-03-02\",\"settlement_period\":2}],"
    "\"baseline_mw\":[1],\"energy_mwh\":[0.5],\"deliverable_mwh\":[0.5],\"price_gbp_per_mwh\":50,\"cost_with_gbp\":50,"
    "\"cost_without_gbp\":25,\"cost_gbp\":25,\"parts\":null,\"margin_gbp_per_mwh\":0,\"risk_gbp_per_mwh\":0,"
    "\"gap_gbp_per_mwh\":0,\"exact\":true,\"delivery_probability_frac\":null}]}";
static const char BASELINE_JSON[] =
    "{\"meter_id\":\"hall\",\"periods\":[{\"settlement_date\":\"2026-02-19\",\"settlement_period\":35}],"
    "\"baseline\":{\"method\":\"fixed\",\"fixed_mwh\":6}}";
static const char PRICES_CSV[] = "start,carbon_g_per_kwh\n2026-02-19T17:00:00Z,200\n";


/* The key of a log, and nothing else to trust. */
static const char TRUST_JSON[] =
    "{\"log\":\"log.example.org/eca/2026+2c289fd9+AUy1q/atefv1q7zK/MJp2FzSZR7UuIW1hp8kGu3wpbop\"}";

#endif

/* An event is settled, booked and reported; everything is text, no number passes the border. */
#include "check.h"
#include "fixture.h"

static int has(const char *text, const char *part) { return text != NULL && strstr(text, part) != NULL; }

static void settled(void) {
  char *record = NULL;
  char *words = NULL;
  OK(eca_settle(EVENT_JSON, METERS_CSV, PRICES_CSV, "SF", NULL, &record));
  TRUE(has(record, "\"format\":\"eca-event-record/1\""));
  TRUE(has(record, "\"deviation_wh\":1500000"));
  TRUE(has(record, "\"shortfall_wh\":500000"));
  TRUE(has(record, "\"cash_ugbp\":150000000"));
  TRUE(has(record, "\"avoided_mg\":300000000"));
  OK(eca_event_record_to_text(record, &words));
  TRUE(has(words, "trading party 150.00 GBP"));
  OK(eca_string_free(words));
  OK(eca_string_free(record));

  /* What arrived after the cut-off is not there. */
  OK(eca_settle(EVENT_JSON, METERS_CSV, PRICES_CSV, "II", "2026-02-20T00:00:00Z", &record));
  TRUE(has(record, "\"quality\":\"missing\"") && has(record, "\"complete\":false"));
  OK(eca_string_free(record));
}

static void refused(void) {
  char *record = NULL;
  EXPECT(eca_settle("{}", METERS_CSV, PRICES_CSV, "SF", NULL, &record), ECA_STATUS_DOCUMENT, "format");
  EXPECT(eca_settle(EVENT_JSON, "meter_id\nhall\n", PRICES_CSV, "SF", NULL, &record), ECA_STATUS_PARSE, "`start`");
  EXPECT(eca_settle(EVENT_JSON, METERS_CSV, "start\nnow\n", "SF", NULL, &record), ECA_STATUS_PARSE, "prices line 2");
  EXPECT(eca_settle(EVENT_JSON, METERS_CSV, PRICES_CSV, "R4", NULL, &record), ECA_STATUS_UNKNOWN, "`R4`");
  EXPECT(eca_settle(EVENT_JSON, METERS_CSV, PRICES_CSV, "SF", "soon", &record), ECA_STATUS_TIME, "`soon`");
  EXPECT(eca_event_record_to_text("[]", &record), ECA_STATUS_DOCUMENT, "object");
  TRUE(record == NULL);
}

static void booked(void) {
  char *early = NULL;
  char *late = NULL;
  char *first = NULL;
  char *both = NULL;
  char *change = NULL;
  char *months = NULL;
  OK(eca_settle(EVENT_JSON, METERS_CSV, PRICES_CSV, "II", "2026-02-20T00:00:00Z", &early));
  OK(eca_settle(EVENT_JSON, METERS_CSV, PRICES_CSV, "SF", NULL, &late));
  OK(eca_ledger_append("", early, &first, &change));
  TRUE(has(change, "null"));
  OK(eca_string_free(change));
  OK(eca_ledger_append(first, late, &both, &change));
  TRUE(has(change, "\"cash_ugbp\":150000000"));
  EXPECT(eca_ledger_append(both, early, &months, NULL), ECA_STATUS_OK, "");
  TRUE(months != NULL && strcmp(months, both) == 0);
  OK(eca_string_free(months));
  EXPECT(eca_ledger_append(late, early, &months, NULL), ECA_STATUS_VALUE, "must not replace what is settled");
  OK(eca_settlement_report(both, "start,consumption_wh,carbon_g_per_kwh,inferences\n2026-02-19T17:00:00Z,1000000,100,5\n",
                           "{\"total_kg\":1000,\"life_h\":35040,\"reserved_frac\":1}", &months));
  TRUE(has(months, "\"month\":\"2026-02\"") && has(months, "\"cash_ugbp\":150000000"));
  /* Half an hour of a device of 1,000 kg and four years. */
  TRUE(has(months, "\"operational_mg\":100000000") && has(months, "\"embodied_mg\":14269"));
  EXPECT(eca_settlement_report(both, NULL, "{\"total_kg\":1,\"life_h\":0,\"reserved_frac\":1}", &first),
         ECA_STATUS_VALUE, "life_h = 0 h, must be at least 1");
  EXPECT(eca_settlement_report("x", NULL, NULL, &first), ECA_STATUS_PARSE, "records line 1");
  char *texts[] = {early, late, first, both, change, months};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) OK(eca_string_free(texts[i]));
}

/* The event of gb-market C with all that can be told; the record has every figure and what it rests on. */
#define PERIOD(sp) "\"settlement_date\":\"2026-02-19\",\"settlement_period\":" sp
#define BEHIND(sp)                                                                                                    \
  "{" PERIOD(sp) ",\"offered_mwh\":2.6,\"accepted_mwh\":2.5,\"soc_before_mwh\":4,\"soc_after_mwh\":3,"                  \
  "\"discharge_mwh\":0.9,\"it_mwh\":2.4,\"facility_mwh\":3.6,\"forecast_carbon_g_per_kwh\":215}"
#define HASH "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
static const char FULL_EVENT[] =
    "{\"format\":\"eca-event/1\",\"event_id\":\"evening\",\"site\":{\"site_id\":\"london-1\",\"meter_id\":\"hall\","
    "\"bm_unit\":\"V__CABCD001\",\"gsp_group\":\"_C\"},\"route\":\"wholesale_p415\",\"periods\":["
    "{" PERIOD("35") ",\"committed_mwh\":2.5,\"price_gbp_per_mwh\":120,\"counterfactual_mwh\":5.7},"
    "{" PERIOD("36") ",\"committed_mwh\":2.5,\"price_gbp_per_mwh\":135,\"counterfactual_mwh\":5.8}],"
    "\"rebound_periods\":[{" PERIOD("37") "}],\"baseline\":{\"method\":\"fixed\",\"fixed_mwh\":6},"
    "\"submissions\":[{\"flow\":\"wman\",\"status\":\"accepted\",\"sent_at\":\"2026-02-19T12:00:00Z\",\"sequence\":7},"
    "{\"flow\":\"ecvn\",\"status\":\"accepted\",\"sent_at\":\"2026-02-19T12:05:00Z\"},"
    "{\"flow\":\"delivered_volume\",\"status\":\"accepted\",\"sent_at\":\"2026-02-20T09:00:00Z\"}],"
    "\"terms\":{\"supplier_compensation_price\":[{\"effective_from\":\"2026-01-01\",\"price_gbp_per_mwh\":87.21}],"
    "\"supplier_final_demand_frac\":0.04},\"sharing\":{\"site_frac\":0.8,\"social_tariff_frac\":0.05},"
    "\"operations\":{\"inferences_before\":40000000,\"inferences_after\":34000000,\"sla_breaches\":2},"
    "\"references\":{\"obp_id\":\"OBP-1\",\"trading_party_id\":\"VTPCO\"},\"evidence\":{"
    "\"meter_point\":{\"msid_import\":\"" HASH "\",\"consent_import\":true},"
    "\"contract\":{\"product_id\":\"wholesale_p415\",\"notice_s\":18000,\"currency\":\"GBP\"},"
    "\"messages\":[{\"action\":\"confirm\",\"message_id\":\"m-4\",\"sha256\":\"" HASH "\",\"signer_key_id\":\"k\"}],"
    "\"jobs\":[{\"job_sha256\":\"" HASH "\",\"change\":\"migrated\",\"energy_mwh\":1.5}],"
    "\"periods\":[" BEHIND("35") "," BEHIND("36") "," BEHIND("37") "],"
    "\"carbon\":{\"source\":\"NESO\",\"actual\":true,\"embodied_kg\":12.5,\"green_certificates\":[\"urn:gc:1\"]},"
    "\"decision\":{\"plan_sha256\":\"" HASH "\",\"counterfactual_plan_sha256\":\"" HASH "\",\"seed\":0},"
    "\"trading_party_role\":\"vtp\",\"price_sources\":[{\"column\":\"system_price_gbp_per_mwh\",\"source\":\"Elexon\"}],"
    "\"event_days\":[{\"settlement_date\":\"2026-02-19\",\"kind\":\"market\",\"status\":\"accepted\"}]}}";
static const char FULL_METERS[] =
    "meter_id,start,end,import_wh,export_wh,quality\n"
    "hall,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,3400000,0,A\n"
    "hall,2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,3800000,0,A\n"
    "hall,2026-02-19T18:00:00Z,2026-02-19T18:30:00Z,6700000,200000,A\n";
static const char FULL_PRICES[] =
    "start,system_price_gbp_per_mwh,carbon_g_per_kwh,marginal_carbon_g_per_kwh,import_price_gbp_per_mwh\n"
    "2026-02-19T17:00:00Z,180,210,350,140\n2026-02-19T17:30:00Z,210,205,350,150\n2026-02-19T18:00:00Z,,200,350,120\n";

static void full(void) {
  static const char *const parts[] = {
      /* identity, parties, commitment */
      "\"record_id\":\"evening/SF\"", "\"obp_id\":\"OBP-1\"", "\"message_id\":\"m-4\"", "\"signer_key_id\":\"k\"",
      "\"msid_import\":\"" HASH "\"", "\"bm_unit\":\"V__CABCD001\"", "\"trading_party_role\":\"vtp\"",
      "\"loss_factor_micro\":1000000", "\"offered_wh\":2600000", "\"accepted_wh\":2500000", "\"notice_s\":18000",
      /* submissions */
      "\"gate_closure\":\"2026-02-19T16:00:00Z\"", "\"sequence\":7", "\"volume_mwh\":\"-6.0000\"",
      "\"kind\":\"market\"",
      /* delivery: the claim, the true reduction and what the baseline adds */
      "\"deviation_wh\":2600000", "\"true_reduction_wh\":2300000", "\"baseline_effect_wh\":300000",
      "\"over_delivered_wh\":100000", "\"soc_before_wh\":4000000", "\"discharge_wh\":900000",
      /* operations and money */
      "\"job_sha256\":\"" HASH "\"", "\"sla_breaches\":2", "\"it_wh\":4800000", "\"cash_ugbp\":592500000",
      "\"received_ugbp\":418608000", "\"site_ugbp\":474000000", "\"social_tariff_ugbp\":23700000",
      "\"retained_ugbp\":118500000", "\"source\":\"Elexon\"", "\"system_price_ugbp_per_mwh\":180000000",
      /* carbon and integrity */
      "\"carbon_ug_per_kwh\":210000000", "\"forecast_carbon_ug_per_kwh\":215000000", "\"avoided_mg\":897000000",
      "\"marginal_avoided_mg\":1505000000", "\"sci\":{\"operational_mg\":2833000000,\"embodied_mg\":12500000,",
      "\"claim_id\":\"hall/2026-02-19/35/wholesale_p415\"", "\"meters_sha256\":\"", "\"event_hash\":\"",
      /* workings */
      "\"import_wh\":6700000,\"export_wh\":200000", "\"site_frac_micro\":800000"};
  char *record = NULL;
  char *hash = NULL;
  char *again = NULL;
  OK(eca_settle(FULL_EVENT, FULL_METERS, FULL_PRICES, "SF", NULL, &record));
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) judge(has(record, parts[i]), parts[i], "is not in it");
  OK(eca_event_record_hash(record, &hash));
  TRUE(strlen(hash) == 64);
  OK(eca_event_record_hash(record, &again));
  TRUE(strcmp(hash, again) == 0);
  char *texts[] = {record, hash, again};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) OK(eca_string_free(texts[i]));
}

static void around(void) {
  char *text = NULL;
  OK(eca_baseline(BASELINE_JSON, METERS_CSV, NULL, &text));
  TRUE(has(text, "\"baseline_wh\":6000000"));
  OK(eca_string_free(text));
  text = NULL;
  EXPECT(eca_baseline("{}", METERS_CSV, NULL, &text), ECA_STATUS_DOCUMENT, "meter_id");

  /* Gate closure of SP35 is 16:00: before it a notification may still be sent. */
  OK(eca_event_submissions(FULL_EVENT, "2026-02-19T15:59:59Z", &text));
  TRUE(has(text, "\"flow\":\"wman\"") && has(text, "\"standing\":\"in_force\"") && has(text, "\"standing\":\"open\""));
  TRUE(!has(text, "missed"));
  OK(eca_string_free(text));
  OK(eca_event_submissions(FULL_EVENT, "2026-02-19T16:00:00Z", &text));
  TRUE(has(text, "\"flow\":\"sev\"") && has(text, "\"needed\":false,\"standing\":\"missed\""));
  OK(eca_string_free(text));
  text = NULL;
  EXPECT(eca_event_submissions(FULL_EVENT, "noon", &text), ECA_STATUS_TIME, "`noon`");

  OK(eca_fund_distribute("[{\"id\":\"evening\",\"amount_ugbp\":100}]",
                         "[{\"id\":\"a\",\"weight\":1},{\"id\":\"b\",\"weight\":2,\"cap_ugbp\":50}]", "by_weight", 10, &text));
  TRUE(has(text, "\"id\":\"fund\",\"amount_ugbp\":-10") && has(text, "\"id\":\"evening\",\"amount_ugbp\":-100"));
  TRUE(has(text, "\"id\":\"a\",\"amount_ugbp\":60") && has(text, "\"id\":\"b\",\"amount_ugbp\":50"));
  OK(eca_string_free(text));
  text = NULL;
  EXPECT(eca_fund_distribute("[]", "[]", "by_need", 0, &text), ECA_STATUS_UNKNOWN, "known: equal, by_weight");
  EXPECT(eca_fund_distribute("[]", "[{\"id\":\"a\",\"weight\":-1}]", "equal", 0, &text), ECA_STATUS_VALUE, "weight = -1");
  TRUE(text == NULL);

  OK(eca_products_to_json(&text));
  TRUE(has(text, "\"id\":\"dfs_2026\"") && has(text, "\"min_mw\":\"0.1\""));
  OK(eca_string_free(text));
}

int main(void) {
  size_t live = 99;
  settled();
  full();
  around();
  refused();
  booked();
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("settle");
}

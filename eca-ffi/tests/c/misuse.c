/* Values, names and documents that make no sense: each is refused with its object, its field and what is wrong. */
#include "check.h"
#include "fixture.h"

#include <math.h>
#include <stdint.h>

static const double NAN2[] = {100.0, NAN};
static const double INF2[] = {INFINITY, 50.0};
static const double NEGATIVE2[] = {1.0, -0.5};
static const double FIVE[] = {1.0, 2.0, 3.0, 4.0, 5.0};

/* Builds what was just set; frees the builder. */
static eca_status built(eca_builder *b) {
  eca_problem *problem = NULL;
  eca_status status = eca_builder_build(b, &problem);
  if (problem != NULL) OK(eca_problem_free(problem));
  OK(eca_builder_free(b));
  return status;
}

/* A setter takes the value, and the build refuses it. */
#define BUILD(setter, status, part)        \
  do {                                     \
    eca_builder *b = filled_builder();     \
    OK(setter);                            \
    judge_status(built(b), (status), (part), #setter " and build"); \
  } while (0)

/* A setter refuses at once, and what was there still builds. */
#define REFUSE(setter, status, part)       \
  do {                                     \
    eca_builder *b = filled_builder();     \
    EXPECT(setter, (status), (part));      \
    judge_status(built(b), ECA_STATUS_OK, "", "build after " #setter); \
  } while (0)

static void series_of_regions(void) {
#define SERIES(field, values, n) eca_builder_region_set_series(b, "london", field, values, n)
  BUILD(SERIES("import_price_gbp_per_mwh", NAN2, 2), ECA_STATUS_VALUE,
        "region `london` has import_price_gbp_per_mwh[1] = NaN GBP/MWh, must be a finite number");
  BUILD(SERIES("import_price_gbp_per_mwh", INF2, 2), ECA_STATUS_VALUE, "import_price_gbp_per_mwh[0] = inf");
  BUILD(SERIES("carbon_g_per_kwh", NEGATIVE2, 2), ECA_STATUS_VALUE, "carbon_g_per_kwh[1] = -0.5 g/kWh");
  BUILD(SERIES("carbon_g_per_kwh", NAN2, 2), ECA_STATUS_VALUE, "region `london` has carbon_g_per_kwh[1] = NaN");
  BUILD(SERIES("solar_mw", NEGATIVE2, 2), ECA_STATUS_VALUE, "solar_mw[1] = -0.5 MW");
  BUILD(SERIES("pue_slope", NEGATIVE2, 2), ECA_STATUS_VALUE, "pue_slope[1]");
  BUILD(SERIES("it_capacity_mw", NEGATIVE2 + 1, 1), ECA_STATUS_VALUE, "it_capacity_mw = -0.5 MW");
  BUILD(SERIES("import_limit_mw", NAN2 + 1, 1), ECA_STATUS_VALUE, "import_limit_mw = NaN");
  BUILD(SERIES("renewable_share_frac", FIVE + 1, 1), ECA_STATUS_VALUE, "renewable_share_frac = 2");
  REFUSE(SERIES("import_price_gbp_per_mwh", FIVE, 5), ECA_STATUS_LENGTH,
         "region `london` has 5 values in import_price_gbp_per_mwh, the horizon has 2 periods");
  REFUSE(SERIES("import_price_gbp_per_mwh", FIVE, 0), ECA_STATUS_LENGTH, "has 0 values in import_price_gbp_per_mwh");
  REFUSE(SERIES("import_price_gbp_per_mwh", FIVE, SIZE_MAX), ECA_STATUS_LENGTH, "the horizon has 2 periods");
  REFUSE(SERIES("import_price", FIVE, 2), ECA_STATUS_UNKNOWN,
         "there is no region series `import_price`; known: it_capacity_mw");
  REFUSE(SERIES("", FIVE, 2), ECA_STATUS_UNKNOWN, "there is no region series ``");
  REFUSE(eca_builder_region_set_series(b, "londn", "solar_mw", FIVE, 2), ECA_STATUS_UNKNOWN,
         "there is no region `londn`; known: london");
  BUILD(eca_builder_region_set_number(b, "london", "demand_charge_gbp_per_mw", NAN), ECA_STATUS_VALUE,
        "demand_charge_gbp_per_mw = NaN");
  REFUSE(eca_builder_region_set_number(b, "london", "overhead_mw", 1.0), ECA_STATUS_UNKNOWN,
         "known: demand_charge_gbp_per_mw");
  REFUSE(eca_builder_region_set_text(b, "london", "gsp", "_C"), ECA_STATUS_UNKNOWN, "known: gsp_group");
  REFUSE(eca_builder_add_region(b, "london", 1.0, 1.0), ECA_STATUS_DUPLICATE, "region `london` is defined twice");
  BUILD(eca_builder_add_region(b, "leeds", NAN, 1.0), ECA_STATUS_VALUE, "region `leeds` has it_capacity_mw = NaN");
  BUILD(eca_builder_add_region(b, "leeds", 1.0, -1.0), ECA_STATUS_VALUE, "region `leeds` has import_limit_mw = -1");
}

static void batteries(void) {
#define BATTERY(field, value) eca_builder_battery_set_number(b, "rack", field, value)
  BUILD(BATTERY("charge_efficiency", 0.0), ECA_STATUS_VALUE, "battery `rack` has charge_efficiency = 0");
  BUILD(BATTERY("discharge_efficiency", 1.5), ECA_STATUS_VALUE, "discharge_efficiency = 1.5");
  BUILD(BATTERY("power_capacity_mw", NAN), ECA_STATUS_VALUE, "power_capacity_mw = NaN");
  BUILD(BATTERY("energy_capacity_mwh", -INFINITY), ECA_STATUS_VALUE, "energy_capacity_mwh = -inf");
  BUILD(BATTERY("wear_gbp_per_mwh", -1.0), ECA_STATUS_VALUE, "wear_gbp_per_mwh = -1");
  BUILD(BATTERY("soc_mwh", 9.0), ECA_STATUS_VALUE, "soc_mwh = 9");
  REFUSE(BATTERY("soc_frac", 0.5), ECA_STATUS_UNKNOWN, "there is no battery number `soc_frac`");
  REFUSE(eca_builder_battery_set_number(b, "rock", "soc_mwh", 1.0), ECA_STATUS_UNKNOWN, "known: rack");
  REFUSE(eca_builder_add_battery(b, "rack", "london", 1.0, 1.0), ECA_STATUS_DUPLICATE, "battery `rack`");
  BUILD(eca_builder_add_battery(b, "b2", "leeds", 1.0, 1.0), ECA_STATUS_UNKNOWN, "battery `b2` names region `leeds`");
}

static void jobs(void) {
  static const char *const nowhere[] = {"leeds"};
  static const char *const hole[] = {"london", NULL};
  static const char *const bytes[] = {"\xc3\x28"};
#define JOB(field, value) eca_builder_job_set_number(b, "embed", field, value)
  REFUSE(JOB("count", 2.5), ECA_STATUS_VALUE, "job `embed` has count = 2.5");
  REFUSE(JOB("count", -1.0), ECA_STATUS_VALUE, "job `embed` has count = -1");
  REFUSE(JOB("count", NAN), ECA_STATUS_VALUE, "job `embed` has count = NaN");
  REFUSE(JOB("count", 1e300), ECA_STATUS_VALUE, "job `embed` has count");
  BUILD(JOB("count", 0.0), ECA_STATUS_VALUE, "job `embed` has count = 0");
  REFUSE(JOB("preemptible", 0.5), ECA_STATUS_VALUE, "must be 0 or 1");
  REFUSE(JOB("tier", 300.0), ECA_STATUS_VALUE, "job `embed` has tier = 300");
  BUILD(JOB("tier", 4.0), ECA_STATUS_VALUE, "job `embed` has tier = 4");
  BUILD(JOB("startup_cost_gbp", NAN), ECA_STATUS_VALUE, "startup_cost_gbp = NaN");
  BUILD(JOB("pause_energy_mwh", -1.0), ECA_STATUS_VALUE, "pause_energy_mwh = -1");
  BUILD(JOB("migration.cost_gbp", INFINITY), ECA_STATUS_VALUE, "migration.cost_gbp = inf");
  BUILD(JOB("run_when.renewable_share_min", 0.5), ECA_STATUS_UNKNOWN, "renewable_share_frac");
  BUILD(JOB("run_when.carbon_below_g_per_kwh", NAN), ECA_STATUS_VALUE, "carbon_below_g_per_kwh = NaN");
  REFUSE(JOB("state.point", 0.0), ECA_STATUS_VALUE, "needs eca_builder_job_set_state before");
  REFUSE(JOB("preemtible", 1.0), ECA_STATUS_UNKNOWN, "there is no job number `preemtible`; known: count");
  REFUSE(eca_builder_job_set_number(b, "embde", "count", 1.0), ECA_STATUS_UNKNOWN, "there is no job `embde`; known: embed");
  REFUSE(eca_builder_add_job(b, "embed", 1.0), ECA_STATUS_DUPLICATE, "job `embed` is defined twice");
  REFUSE(eca_builder_add_gpu_job(b, "embed", 1.0), ECA_STATUS_DUPLICATE, "job `embed` is defined twice");
  BUILD(eca_builder_add_job(b, "bare", 1.0), ECA_STATUS_VALUE, "job `bare` has points = 0");
  BUILD(eca_builder_add_job(b, "huge", INFINITY), ECA_STATUS_VALUE, "job `huge` has inferences = inf");
  BUILD(eca_builder_add_gpu_job(b, "none", 0.0), ECA_STATUS_VALUE, "job `none` has gpu_hours = 0");
  BUILD(eca_builder_job_add_point(b, "embed", -1.0, 1.0), ECA_STATUS_VALUE, "points[1].power_mw = -1 MW");
  BUILD(eca_builder_job_add_point(b, "embed", 1.0, NAN), ECA_STATUS_VALUE, "points[1].inferences_per_h = NaN");
  REFUSE(eca_builder_job_set_text(b, "embed", "deadline", "2026-03-02T01:00:00"), ECA_STATUS_TIME,
         "`2026-03-02T01:00:00`: has no offset; write Z or +00:00");
  REFUSE(eca_builder_job_set_text(b, "embed", "deadline", "tomorrow"), ECA_STATUS_TIME, "is not a time");
  REFUSE(eca_builder_job_set_text(b, "embed", "deadline_kind", "soft"), ECA_STATUS_UNKNOWN, "known: hard, priced");
  REFUSE(eca_builder_job_set_text(b, "embed", "dead_line", "hard"), ECA_STATUS_UNKNOWN, "known: deadline_kind, earliest_start");
  REFUSE(eca_builder_job_set_time(b, "embed", "deadline", INT64_MAX), ECA_STATUS_TIME, "not milliseconds");
  REFUSE(eca_builder_job_set_time(b, "embed", "end", 0), ECA_STATUS_UNKNOWN, "there is no job time `end`");
  BUILD(eca_builder_job_set_time(b, "embed", "deadline", 1772409600), ECA_STATUS_TIME,
        "job `embed` deadline `2026-03-02T00:00:00Z`: is not after the start of the horizon");
  BUILD(eca_builder_job_set_regions(b, "embed", nowhere, 1), ECA_STATUS_UNKNOWN, "names region `leeds` in regions");
  REFUSE(eca_builder_job_set_regions(b, "embed", hole, 2), ECA_STATUS_NULL_ARGUMENT, "`regions`");
  REFUSE(eca_builder_job_set_regions(b, "embed", bytes, 1), ECA_STATUS_INVALID_UTF8, "`regions` is not UTF-8 at byte 0");
  REFUSE(eca_builder_job_set_regions(b, "embed", hole, SIZE_MAX), ECA_STATUS_LENGTH, "more than memory can hold");
  BUILD(eca_builder_job_set_state(b, "embed", "leeds"), ECA_STATUS_UNKNOWN, "`leeds` in state.region");
  BUILD(eca_builder_job_add_point(b, "embed", 1.0, 1.0) | eca_builder_add_job(b, "late", 9e6) |
            eca_builder_job_add_point(b, "late", 1.0, 1e6),
        ECA_STATUS_CANNOT_FIT, "job `late` needs");
}

static void services_and_caps(void) {
  static const char *const nowhere[] = {"leeds"};
#define SERVICE(field, value) eca_builder_service_set_number(b, "chat", field, value)
#define CAP(field, value) eca_builder_carbon_cap_set_number(b, "day", field, value)
  BUILD(eca_builder_add_service(b, "s2", NEGATIVE2, 2) | eca_builder_service_add_point(b, "s2", 1.0, 1.0),
        ECA_STATUS_VALUE, "service `s2` has demand_inferences[1] = -0.5");
  REFUSE(eca_builder_add_service(b, "s2", FIVE, 3), ECA_STATUS_LENGTH, "service `s2` has 3 values in demand_inferences");
  REFUSE(eca_builder_add_service(b, "chat", FIVE, 1), ECA_STATUS_DUPLICATE, "service `chat` is defined twice");
  BUILD(eca_builder_service_add_point(b, "chat", NAN, 1.0), ECA_STATUS_VALUE, "service `chat` has points[1]");
  BUILD(SERVICE("shed_penalty_gbp_per_million", -1.0), ECA_STATUS_VALUE, "shed_penalty_gbp_per_million = -1");
  BUILD(SERVICE("latency_limit_ms", NAN), ECA_STATUS_VALUE, "latency_limit_ms = NaN");
  REFUSE(SERVICE("latency_ms", 1.0), ECA_STATUS_UNKNOWN, "known: latency_limit_ms");
  REFUSE(eca_builder_service_set_region_number(b, "chat", "london", "latency", 1.0), ECA_STATUS_UNKNOWN,
         "known: network_latency_ms, routing_cost_gbp_per_million");
  BUILD(eca_builder_service_set_region_number(b, "chat", "leeds", "network_latency_ms", 1.0), ECA_STATUS_UNKNOWN, "`leeds`");
  REFUSE(eca_builder_add_carbon_cap(b, "c2", "tonnes", 1.0), ECA_STATUS_UNKNOWN, "known: kg, g_per_kwh, g_per_inference");
  REFUSE(eca_builder_add_carbon_cap(b, "day", "kg", 1.0), ECA_STATUS_DUPLICATE, "carbon cap `day`");
  BUILD(CAP("limit", NAN), ECA_STATUS_VALUE, "carbon cap `day` has limit = NaN g/kWh");
  BUILD(CAP("limit", -1.0), ECA_STATUS_VALUE, "carbon cap `day` has limit = -1");
  BUILD(CAP("window.rolling_h", 0.7), ECA_STATUS_VALUE, "must be a multiple of the step of 30 min");
  BUILD(CAP("price_gbp_per_kg", 0.5), ECA_STATUS_VALUE, "must be left out where kind is strict");
  REFUSE(CAP("price", 0.5), ECA_STATUS_UNKNOWN, "known: limit, price_gbp_per_kg, window.rolling_h");
  BUILD(eca_builder_carbon_cap_set_text(b, "day", "kind", "priced"), ECA_STATUS_VALUE, "price_gbp_per_kg");
  REFUSE(eca_builder_carbon_cap_set_text(b, "day", "kind", "hard"), ECA_STATUS_UNKNOWN, "known: strict, priced");
  REFUSE(eca_builder_carbon_cap_set_text(b, "day", "window", "week"), ECA_STATUS_UNKNOWN, "known: horizon, day");
  BUILD(eca_builder_carbon_cap_set_regions(b, "day", nowhere, 1), ECA_STATUS_UNKNOWN, "`leeds`");
}

static void horizons_and_times(void) {
  eca_builder *b = NULL;
  int64_t at = 7;
  char *text = NULL;
  EXPECT(eca_builder_new(1772409600, 7, 48, &b), ECA_STATUS_VALUE, "step_min = 7 min, must be 5, 15, 30 or 60");
  EXPECT(eca_builder_new(1772409600, 30, 0, &b), ECA_STATUS_VALUE, "periods = 0");
  EXPECT(eca_builder_new(1772409600, 30, SIZE_MAX, &b), ECA_STATUS_VALUE, "must be 1 to 20000");
  EXPECT(eca_builder_new(1772409601, 30, 48, &b), ECA_STATUS_TIME, "is not on the UTC grid");
  EXPECT(eca_builder_new(1772409600000, 30, 48, &b), ECA_STATUS_TIME, "not milliseconds");
  TRUE(b == NULL);
  EXPECT(eca_time_from_text("2026-03-02T00:00:00", &at), ECA_STATUS_TIME, "has no offset");
  EXPECT(eca_time_from_text("2026-03-02", &at), ECA_STATUS_TIME, "has no time of day");
  EXPECT(eca_time_from_text("", &at), ECA_STATUS_TIME, "is not a time");
  TRUE(at == 7);
  OK(eca_time_from_text("2026-03-02T01:00:00+01:00", &at));
  TRUE(at == 1772409600);
  EXPECT(eca_time_to_text(INT64_MIN, &text), ECA_STATUS_TIME, "outside the years");
  OK(eca_time_to_text(at, &text));
  TRUE(text != NULL && strcmp(text, "2026-03-02T00:00:00Z") == 0);
  OK(eca_string_free(text));
}

static void documents(void) {
  eca_problem *p = NULL;
  eca_plan *plan = NULL;
  static const char naive[] = "{\"format\":\"eca-problem/1\",\"horizon\":{\"start\":\"2026-03-02T00:00:00\"}}";
  static const char other[] = "{\"format\":\"eca-problem/9\",\"horizon\":{\"start\":\"2026-03-02T00:00:00Z\",\"step_min\":30,"
                              "\"periods\":1},\"regions\":[]}";
  static const char empty_ids[] = "{\"format\":\"eca-problem/1\",\"horizon\":{\"start\":\"2026-03-02T00:00:00Z\","
                                  "\"step_min\":30,\"periods\":1},\"regions\":[]}";
  static char deep[20001];
  EXPECT(eca_problem_from_json("", &p), ECA_STATUS_DOCUMENT, "EOF");
  EXPECT(eca_problem_from_json("{", &p), ECA_STATUS_DOCUMENT, "EOF");
  EXPECT(eca_problem_from_json("[]", &p), ECA_STATUS_DOCUMENT, "document");
  EXPECT(eca_problem_from_json("{\"formats\":1}", &p), ECA_STATUS_DOCUMENT, "unknown field `formats`");
  EXPECT(eca_problem_from_json(naive, &p), ECA_STATUS_DOCUMENT, "has no offset");
  EXPECT(eca_problem_from_json(other, &p), ECA_STATUS_DOCUMENT, "eca-problem/9");
  EXPECT(eca_problem_from_json(empty_ids, &p), ECA_STATUS_VALUE, "regions");
  EXPECT(eca_problem_from_json(PLAN_JSON, &p), ECA_STATUS_DOCUMENT, "unknown field");
  EXPECT(eca_problem_from_json_n(PROBLEM_JSON, 0, &p), ECA_STATUS_DOCUMENT, "EOF");
  EXPECT(eca_problem_from_json_n(PROBLEM_JSON, strlen(PROBLEM_JSON) - 1, &p), ECA_STATUS_DOCUMENT, "EOF");
  EXPECT(eca_problem_from_json_n(PROBLEM_JSON, sizeof PROBLEM_JSON, &p), ECA_STATUS_DOCUMENT, "after the document");
  EXPECT(eca_problem_from_json_n(PROBLEM_JSON, SIZE_MAX, &p), ECA_STATUS_LENGTH, "more than memory can hold");
  EXPECT(eca_problem_from_json_n("\xff", 1, &p), ECA_STATUS_INVALID_UTF8, "at byte 0");
  EXPECT(eca_plan_from_json_n("\xff", 1, &plan), ECA_STATUS_INVALID_UTF8, "at byte 0");
  EXPECT(eca_plan_from_json(PROBLEM_JSON, &plan), ECA_STATUS_DOCUMENT, "unknown field");
  memset(deep, '[', sizeof deep - 1);
  EXPECT(eca_problem_from_json(deep, &p), ECA_STATUS_DOCUMENT, "document");
  EXPECT(eca_plan_from_json(deep, &plan), ECA_STATUS_DOCUMENT, "document");
  TRUE(p == NULL && plan == NULL);
}

static void settings(void) {
  eca_settings *s = NULL;
  OK(eca_settings_new(&s));
  EXPECT(eca_settings_set_number(s, "gap", NAN), ECA_STATUS_VALUE, "settings has gap = NaN");
  EXPECT(eca_settings_set_number(s, "gap", -0.1), ECA_STATUS_VALUE, "must be finite and at least 0");
  EXPECT(eca_settings_set_number(s, "time_limit_s", INFINITY), ECA_STATUS_VALUE, "time_limit_s = inf s");
  EXPECT(eca_settings_set_number(s, "node_limit", 0.5), ECA_STATUS_VALUE, "node_limit = 0.5");
  EXPECT(eca_settings_set_number(s, "seed", 4294967296.0), ECA_STATUS_VALUE, "seed");
  EXPECT(eca_settings_set_number(s, "references", 2.0), ECA_STATUS_VALUE, "must be 0 or 1");
  EXPECT(eca_settings_set_number(s, "threads", 4.0), ECA_STATUS_UNKNOWN, "known: gap, time_limit_s");
  EXPECT(eca_settings_set_text(s, "engine", "fast"), ECA_STATUS_UNKNOWN, "there is no engine `fast`; known: auto, greedy, exact, columns, fleet");
  EXPECT(eca_settings_set_text(s, "solver", "cplex"), ECA_STATUS_UNKNOWN, "known: auto, highs, microlp");
  EXPECT(eca_settings_set_text(s, "motor", "auto"), ECA_STATUS_UNKNOWN, "known: engine, solver");
  OK(eca_settings_set_number(s, "gap", 0.0));
  OK(eca_settings_free(s));
}

static void messages(void) {
  /* A success leaves the last message alone; JSON has the same in parts. */
  eca_problem *p = NULL;
  EXPECT(eca_problem_from_json("{", &p), ECA_STATUS_DOCUMENT, "EOF");
  OK(eca_problem_from_json(PROBLEM_JSON, &p));
  OK(eca_problem_free(p));
  TRUE(strstr(eca_last_error(), "EOF") != NULL);
  TRUE(strstr(eca_last_error_json(), "\"function\":\"eca_problem_from_json\"") != NULL);
  TRUE(strstr(eca_last_error_json(), "\"kind\":\"document\"") != NULL);
  TRUE(strstr(eca_last_error_json(), "\"status\":10") != NULL);
  TRUE(strcmp(eca_status_name(ECA_STATUS_INFEASIBLE), "infeasible") == 0);
  TRUE(strcmp(eca_status_name(12345), "other") == 0);
}

int main(void) {
  size_t live = 1;
  TRUE(eca_last_error()[0] == '\0');
  TRUE(eca_last_error_json()[0] == '\0');
  series_of_regions();
  batteries();
  jobs();
  services_and_caps();
  horizons_and_times();
  documents();
  settings();
  messages();
  OK(eca_live_count(&live));
  TRUE(live == 0);
  TRUE(cases >= 60);
  return finish("misuse");
}

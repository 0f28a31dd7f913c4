/* A controller that goes from hour to hour, and one that only watches: worked by hand. */
#include "check.h"

#include <math.h>

static const int64_t START = 1772409600; /* 2026-03-02T00:00:00Z */

/* One site of 1 MW with 200 g/kWh from an hour on, and, where `work` is 1, a job of an hour at 1 MW. */
static void document(char *text, size_t size, int hour, const char *prices, int periods, int work) {
  snprintf(text, size,
           "{\"format\":\"eca-problem/1\",\"horizon\":{\"start\":\"2026-03-02T%02d:00:00Z\",\"step_min\":60,"
           "\"periods\":%d},\"regions\":[{\"id\":\"london\",\"it_capacity_mw\":1,\"import_limit_mw\":2,"
           "\"import_price_gbp_per_mwh\":%s,\"carbon_g_per_kwh\":200}],\"jobs\":[%s]}",
           hour, periods, prices,
           work ? "{\"id\":\"embed\",\"inferences\":1000000,\"points\":[{\"power_mw\":1,\"inferences_per_h\":1000000}]}"
                : "");
}

/* A text has a part, or has it not; frees it. */
static void has(char *text, const char *part, int wanted) {
  judge(text != NULL && (strstr(text, part) != NULL) == wanted, part, text == NULL ? "there is no text" : text);
  OK(eca_string_free(text));
}

static void controller_waits_for_the_cheap_hour(void) {
  char text[1024];
  eca_controller *controller = NULL;
  eca_step *first = NULL, *second = NULL, *none = NULL;
  eca_problem *problem = NULL;
  eca_plan *plan = NULL;
  eca_cancel *cancel = NULL;
  char *json = NULL;
  double cost = 0.0;
  int32_t source = -1;
  OK(eca_controller_new("{\"gap\":1e-6}", &controller));
  OK(eca_cancel_new(&cancel));
  document(text, sizeof text, 0, "[90,50,70]", 3, 1);
  OK(eca_controller_step(controller, START, text, NULL, cancel, &first));
  OK(eca_step_source(first, &source));
  TRUE(source == ECA_SOURCE_OPTIMAL);
  OK(eca_step_actions_json(first, &json));
  has(json, "\"run\"", 0); /* the hour that costs 90 is not used */
  OK(eca_step_plan(first, &plan));
  OK(eca_step_problem(first, &problem));
  OK(eca_plan_check(plan, problem, NULL, NULL));
  OK(eca_plan_cost_gbp(plan, &cost));
  TRUE(fabs(cost - 50.0) < 1e-6);
  OK(eca_plan_free(plan));
  OK(eca_problem_free(problem));
  document(text, sizeof text, 1, "[50,70]", 2, 1);
  OK(eca_controller_step(controller, START + 3600, text, "{\"import_price_sd_gbp_per_mwh\":{\"london\":5}}", NULL, &second));
  OK(eca_step_actions_json(second, &json));
  has(json, "\"run\":{\"region\":\"london\",\"point\":0,\"power_mw\":1.0}", 1);
  OK(eca_step_to_json(second, &json));
  has(json, "\"generation\":2,\"source\":\"optimal\"", 1);
  /* Nobody can go back in time, and an hour that is over is not planned. */
  EXPECT(eca_controller_step(controller, START + 7200, text, NULL, NULL, &none), ECA_STATUS_TIME, "first period is over");
  document(text, sizeof text, 0, "[90,50,70]", 3, 1);
  EXPECT(eca_controller_step(controller, START, text, NULL, NULL, &none), ECA_STATUS_TIME, "before the one of the last step");
  EXPECT(eca_controller_step(controller, START, "{", NULL, NULL, &none), ECA_STATUS_DOCUMENT, "EOF");
  EXPECT(eca_controller_step(controller, START, text, "{\"price_sd\":1}", NULL, &none), ECA_STATUS_DOCUMENT, "price_sd");
  EXPECT(eca_controller_step(controller, INT64_MAX, text, NULL, NULL, &none), ECA_STATUS_TIME, "");
  TRUE(none == NULL);
  OK(eca_controller_free(controller)); /* steps stay */
  OK(eca_step_source(first, &source));
  OK(eca_step_free(first));
  OK(eca_step_free(second));
  OK(eca_cancel_free(cancel));
}

/* There is an answer for a document that cannot be planned too. */
static void controller_is_safe_where_nothing_can_be_planned(void) {
  char text[1024];
  eca_controller *controller = NULL;
  eca_step *step = NULL;
  eca_plan *plan = (eca_plan *)(void *)text;
  eca_problem *problem = (eca_problem *)(void *)text;
  char *json = NULL;
  int32_t source = -1;
  document(text, sizeof text, 0, "[90,50]", 3, 1);
  OK(eca_controller_new(NULL, &controller));
  OK(eca_controller_step(controller, START, text, NULL, NULL, &step));
  OK(eca_step_source(step, &source));
  TRUE(source == ECA_SOURCE_SAFE);
  OK(eca_step_plan(step, &plan));
  OK(eca_step_problem(step, &problem));
  TRUE(plan == NULL && problem == NULL);
  OK(eca_step_to_json(step, &json));
  has(json, "nothing can be planned", 1);
  OK(eca_step_free(step));
  OK(eca_controller_free(controller));
}

/* ECA waits for 50 GBP; the site and run-at-once pay 90 GBP. */
static void shadow_books_what_would_have_been_paid(void) {
  static const char *const london[] = {"london"};
  static const char *const leeds[] = {"leeds"};
  static const double used[] = {1.0}, nothing[] = {0.0}, wrong[] = {-1.0};
  char text[1024];
  eca_shadow *shadow = NULL;
  eca_step *step = NULL;
  char *json = NULL;
  double value = -1.0;
  OK(eca_shadow_new("{\"shadow\":false}", &shadow));
  OK(eca_shadow_number(shadow, "site.cost_gbp", &value));
  TRUE(value == 0.0);
  document(text, sizeof text, 0, "[90,50,70]", 3, 1);
  OK(eca_shadow_step(shadow, START, text, &step));
  OK(eca_step_actions_json(step, &json));
  TRUE(strcmp(json, "[]") == 0); /* nobody follows */
  OK(eca_string_free(json));
  OK(eca_step_free(step));
  document(text, sizeof text, 0, "[90]", 1, 0);
  EXPECT(eca_shadow_close(shadow, text, leeds, used, 1), ECA_STATUS_UNKNOWN, "`leeds`");
  EXPECT(eca_shadow_close(shadow, text, london, wrong, 1), ECA_STATUS_VALUE, "region `london` has import_mwh = -1 MWh");
  OK(eca_shadow_close(shadow, text, london, used, 1));
  EXPECT(eca_shadow_close(shadow, text, london, used, 1), ECA_STATUS_TIME, "is not the period of the last step");
  document(text, sizeof text, 1, "[50,70]", 2, 0); /* the site is done; the shadow is not */
  OK(eca_shadow_step(shadow, START + 3600, text, &step));
  OK(eca_step_to_json(step, &json));
  has(json, "\"actions\":[],\"proposed\":[{", 1);
  OK(eca_step_free(step));
  document(text, sizeof text, 1, "[50]", 1, 0);
  OK(eca_shadow_close(shadow, text, london, nothing, 1));
  OK(eca_shadow_number(shadow, "eca.cost_gbp", &value));
  TRUE(fabs(value - 50.0) < 1e-9);
  OK(eca_shadow_number(shadow, "run_at_once.cost_gbp", &value));
  TRUE(fabs(value - 90.0) < 1e-9);
  OK(eca_shadow_number(shadow, "site.cost_gbp", &value));
  TRUE(fabs(value - 90.0) < 1e-9);
  OK(eca_shadow_number(shadow, "eca.carbon_kg", &value));
  TRUE(fabs(value - 200.0) < 1e-9);
  OK(eca_shadow_number(shadow, "site.periods", &value));
  TRUE(value == 2.0);
  EXPECT(eca_shadow_number(shadow, "site.cost", &value), ECA_STATUS_UNKNOWN, "known: eca.cost_gbp");
  OK(eca_shadow_ledger_json(shadow, &json));
  has(json, "\"run_at_once\":{\"periods\":2,\"cost_gbp\":90.0", 1);
  OK(eca_shadow_free(shadow));
}

static void settings_that_make_no_sense(void) {
  eca_controller *controller = NULL;
  eca_shadow *shadow = NULL;
  EXPECT(eca_controller_new("{\"committed\":1}", &controller), ECA_STATUS_DOCUMENT, "unknown field `committed`");
  EXPECT(eca_controller_new("{\"engine\":\"fast\"}", &controller), ECA_STATUS_UNKNOWN, "fast");
  EXPECT(eca_controller_new("{\"gap\":-1}", &controller), ECA_STATUS_VALUE, "gap");
  EXPECT(eca_controller_new("{\"risk\":{\"quantile\":{\"level\":2}}}", &controller), ECA_STATUS_VALUE, "level");
  EXPECT(eca_shadow_new("1", &shadow), ECA_STATUS_DOCUMENT, "document");
  TRUE(controller == NULL && shadow == NULL);
}

int main(void) {
  size_t live = 1;
  controller_waits_for_the_cheap_hour();
  controller_is_safe_where_nothing_can_be_planned();
  shadow_books_what_would_have_been_paid();
  settings_that_make_no_sense();
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("rolling");
}

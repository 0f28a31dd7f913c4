/* A plan comes out as numbers, in buffers of the caller. The document is hand-written: no solver is needed. */
#include "check.h"
#include "fixture.h"

#include <math.h>

static void totals(const eca_plan *plan) {
  double value = 0.0;
  size_t count = 0;
  int32_t outcome = -1;
  OK(eca_plan_objective_gbp(plan, &value));
  TRUE(value == 25.0);
  OK(eca_plan_bound_gbp(plan, &value));
  TRUE(value == 25.0);
  OK(eca_plan_gap(plan, &value));
  TRUE(value == 0.0);
  OK(eca_plan_cost_gbp(plan, &value));
  TRUE(value == 25.0);
  OK(eca_plan_carbon_kg(plan, &value));
  TRUE(value == 50.0);
  OK(eca_plan_number(plan, "totals.cost_gbp_per_inference", &value));
  TRUE(fabs(value - 0.000025) < 1e-12);
  OK(eca_plan_number(plan, "references.run_at_once.energy_mwh", &value));
  TRUE(value == 0.5);
  EXPECT(eca_plan_number(plan, "totals.cost", &value), ECA_STATUS_UNKNOWN, "known: totals.cost_gbp");
  EXPECT(eca_plan_number(plan, "cost_gbp", &value), ECA_STATUS_UNKNOWN, "there is no plan number `cost_gbp`");
  OK(eca_plan_outcome(plan, &outcome));
  TRUE(outcome == ECA_OUTCOME_OPTIMAL);
  OK(eca_plan_broken_count(plan, &count));
  TRUE(count == 1);
  OK(eca_plan_periods(plan, &count));
  TRUE(count == 2);
  OK(eca_plan_region_count(plan, &count));
  TRUE(count == 1);
}

static void series(const eca_plan *plan) {
  double values[3] = {-1.0, -1.0, -1.0};
  int32_t numbers[2] = {9, 9};
  size_t written = 77;
  EXPECT(eca_plan_region_series(plan, "london", "import_mw", values, 1, &written), ECA_STATUS_LENGTH,
         "`length` has length 1, the buffer needs room for 2 values");
  EXPECT(eca_plan_region_series(plan, "london", "import_mw", values, SIZE_MAX, &written), ECA_STATUS_LENGTH,
         "more than memory can hold");
  TRUE(written == 77 && values[0] == -1.0);
  OK(eca_plan_region_series(plan, "london", "import_mw", values, 3, &written));
  TRUE(written == 2 && values[0] == 0.0 && values[1] == 1.0 && values[2] == -1.0);
  EXPECT(eca_plan_region_series(plan, "leeds", "import_mw", values, 3, NULL), ECA_STATUS_UNKNOWN, "known: london");
  EXPECT(eca_plan_region_series(plan, "london", "power_mw", values, 3, NULL), ECA_STATUS_UNKNOWN, "known: it_mw");
  OK(eca_plan_battery_series(plan, "rack", "soc_mwh", values, 2, NULL));
  TRUE(values[0] == 0.5 && values[1] == 0.0);
  EXPECT(eca_plan_battery_series(plan, "b", "soc_mwh", values, 2, NULL), ECA_STATUS_UNKNOWN, "known: rack");
  OK(eca_plan_job_series(plan, "embed", 0, "inferences", values, 2, NULL));
  TRUE(values[1] == 1000000.0);
  EXPECT(eca_plan_job_series(plan, "embed", 1, "power_mw", values, 2, NULL), ECA_STATUS_UNKNOWN,
         "there is no job `embed#1`; known: embed#0");
  OK(eca_plan_job_points(plan, "embed", 0, numbers, 2, &written));
  TRUE(numbers[0] == -1 && numbers[1] == 0);
  OK(eca_plan_job_regions(plan, "embed", 0, numbers, 2, &written));
  TRUE(numbers[0] == -1 && numbers[1] == 0);
  OK(eca_plan_service_inferences(plan, "chat", "london", values, 2, NULL));
  TRUE(values[0] == 5.0 && values[1] == 6.0);
  OK(eca_plan_service_inferences(plan, "chat", NULL, values, 2, NULL));
  TRUE(values[0] == 0.0 && values[1] == 7.0);
  EXPECT(eca_plan_service_inferences(plan, "chat", "leeds", values, 2, NULL), ECA_STATUS_UNKNOWN, "known: london");
  EXPECT(eca_plan_service_inferences(plan, "talk", NULL, values, 2, NULL), ECA_STATUS_UNKNOWN, "known: chat");
  OK(eca_plan_job_number(plan, "embed", 0, "finished_unix_s", values));
  TRUE(values[0] == 1772413200.0);
  EXPECT(eca_plan_job_number(plan, "embed", 0, "finished", values), ECA_STATUS_UNKNOWN, "known: finished_unix_s");
}

static void texts(const eca_plan *plan) {
  char *text = NULL;
  eca_plan *again = NULL;
  eca_problem *problem = NULL;
  char *report = NULL;
  int32_t passed = -1;
  OK(eca_plan_region_id(plan, 0, &text));
  TRUE(strcmp(text, "london") == 0);
  OK(eca_string_free(text));
  EXPECT(eca_plan_region_id(plan, 1, &text), ECA_STATUS_UNKNOWN, "there is no region number `1`; known: 0 to 0");
  OK(eca_plan_broken_limits_json(plan, &text));
  TRUE(strstr(text, "\"rule\":\"shed\"") != NULL);
  OK(eca_string_free(text));
  OK(eca_plan_to_text(plan, &text));
  TRUE(strstr(text, "25.00 GBP") != NULL);
  /* The caller may write into a text before it frees it. */
  memset(text, '\0', 4);
  OK(eca_string_free(text));
  EXPECT(eca_plan_report_json(plan, &text), ECA_STATUS_UNSUPPORTED, "was read from JSON");
  OK(eca_plan_to_json(plan, &text));
  OK(eca_plan_from_json(text, &again));
  OK(eca_string_free(text));
  OK(eca_plan_free(again));
  OK(eca_problem_from_json(PROBLEM_JSON, &problem));
  OK(eca_problem_hash(problem, &text));
  TRUE(strlen(text) == 64);
  OK(eca_string_free(text));
  OK(eca_problem_warnings_json(problem, &text));
  TRUE(strcmp(text, "[]") == 0);
  OK(eca_string_free(text));
  /* The hand-written plan is not one of this problem: it names objects that the problem does not have. */
  OK(eca_plan_check(plan, problem, &passed, &report));
  TRUE(passed == 0);
  TRUE(report != NULL && strstr(report, "\"passed\":false") != NULL);
  OK(eca_string_free(report));
  EXPECT(eca_plan_check(plan, problem, NULL, NULL), ECA_STATUS_CHECK_FAILED, "the plan fails its check in");
  OK(eca_problem_free(problem));
}

int main(void) {
  eca_plan *plan = NULL;
  size_t live = 1;
  OK(eca_plan_from_json(PLAN_JSON, &plan));
  totals(plan);
  series(plan);
  texts(plan);
  OK(eca_plan_free(plan));
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("getters");
}

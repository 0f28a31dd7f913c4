/* A problem that is solved at once, and one that takes long enough to be stopped. */
#ifndef ECA_TEST_SOLVING_H
#define ECA_TEST_SOLVING_H

#include "check.h"
#include "fixture.h"

/* Cost of the best plan of PROBLEM_JSON: half an hour of 1 MW at 50 GBP/MWh. */
static const double BEST_GBP = 25.0;

/* Solves PROBLEM_JSON from the beginning to the end; gives 1 if all was right. */
static inline int solved_well(void) {
  eca_problem *problem = NULL;
  eca_plan *plan = NULL;
  double cost = 0.0;
  int good = eca_problem_from_json(PROBLEM_JSON, &problem) == ECA_STATUS_OK &&
             eca_problem_solve(problem, NULL, NULL, NULL, NULL, &plan) == ECA_STATUS_OK &&
             eca_plan_check(plan, problem, NULL, NULL) == ECA_STATUS_OK &&
             eca_plan_cost_gbp(plan, &cost) == ECA_STATUS_OK && cost > BEST_GBP - 1e-6 && cost < BEST_GBP + 1e-6;
  if (!good) fprintf(stderr, "solve: %s\n", eca_last_error());
  return eca_plan_free(plan) == ECA_STATUS_OK && eca_problem_free(problem) == ECA_STATUS_OK && good;
}

/* Preemptible jobs that compete for two small sites and may move: far more than a minute of work for gap 0. */
static inline eca_problem *hard_problem(void) {
  enum { PERIODS = 48, JOBS = 12, REGIONS = 2 };
  static const char *const names[REGIONS] = {"a", "b"};
  double price[PERIODS], carbon[PERIODS];
  eca_builder *b = NULL;
  eca_problem *problem = NULL;
  int32_t bad = eca_builder_new(1772409600, 30, PERIODS, &b);
  for (int r = 0; r < REGIONS; r++) {
    for (int t = 0; t < PERIODS; t++) {
      price[t] = 40.0 + (double)((t * 37 + r * 53 + t * t * 7) % 101);
      carbon[t] = 30.0 + (double)((t * 61 + r * 29 + t * t * 5) % 211);
    }
    bad |= eca_builder_add_region(b, names[r], 3.3 + r, 9.0);
    bad |= eca_builder_region_set_series(b, names[r], "import_price_gbp_per_mwh", price, PERIODS);
    bad |= eca_builder_region_set_series(b, names[r], "carbon_g_per_kwh", carbon, PERIODS);
  }
  for (int j = 0; j < JOBS; j++) {
    char id[16];
    snprintf(id, sizeof id, "job%d", j);
    bad |= eca_builder_add_job(b, id, 1e6 * (double)(3 + j % 11));
    bad |= eca_builder_job_add_point(b, id, 0.7 + 0.1 * (double)(j % 7), 1e6);
    bad |= eca_builder_job_add_point(b, id, 0.4 + 0.07 * (double)(j % 5), 0.6e6);
    bad |= eca_builder_job_set_number(b, id, "preemptible", 1.0);
    bad |= eca_builder_job_set_number(b, id, "pause_cost_gbp", 3.0 + (double)(j % 4));
    bad |= eca_builder_job_set_number(b, id, "min_run_periods", 3.0);
    bad |= eca_builder_job_set_number(b, id, "migration.cost_gbp", 5.0);
    bad |= eca_builder_job_set_number(b, id, "migration.periods", 1.0);
    bad |= eca_builder_job_set_text(b, id, "deadline_kind", "priced");
  }
  bad |= eca_builder_build(b, &problem);
  bad |= eca_builder_free(b);
  if (bad != 0) {
    fprintf(stderr, "hard problem: %s\n", eca_last_error());
    abort();
  }
  return problem;
}

#endif

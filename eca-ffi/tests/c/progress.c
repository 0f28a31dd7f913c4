/* What a progress callback hears: numbers that hold, the plan at the end, and a solve that stops when it says so. */
#include "solving.h"

#include <math.h>

/* Jobs in one run on a site where every MW of peak costs: plans are found at once, the proof takes some nodes. */
static eca_problem *peaky_problem(void) {
  enum { PERIODS = 16, JOBS = 7 };
  double price[PERIODS], carbon[PERIODS];
  eca_builder *b = NULL;
  eca_problem *problem = NULL;
  int32_t bad = eca_builder_new(1772409600, 30, PERIODS, &b);
  for (int t = 0; t < PERIODS; t++) {
    price[t] = 40.0 + (double)((t * 37 + t * t * 7) % 101);
    carbon[t] = 100.0;
  }
  bad |= eca_builder_add_region(b, "a", 4.3, 9.0);
  bad |= eca_builder_region_set_series(b, "a", "import_price_gbp_per_mwh", price, PERIODS);
  bad |= eca_builder_region_set_series(b, "a", "carbon_g_per_kwh", carbon, PERIODS);
  bad |= eca_builder_region_set_number(b, "a", "demand_charge_gbp_per_mw", 300.0);
  for (int j = 0; j < JOBS; j++) {
    char id[16];
    snprintf(id, sizeof id, "job%d", j);
    bad |= eca_builder_add_job(b, id, 1e6 * (double)(2 + j % 4));
    bad |= eca_builder_job_add_point(b, id, 0.9 + 0.17 * (double)(j % 5), 1e6);
    bad |= eca_builder_job_set_text(b, id, "deadline_kind", "priced");
  }
  bad |= eca_builder_build(b, &problem);
  bad |= eca_builder_free(b);
  if (bad != 0) {
    fprintf(stderr, "peaky problem: %s\n", eca_last_error());
    abort();
  }
  return problem;
}

typedef struct {
  int calls, with_plan, stop_at_plan, wrong;
  double elapsed_s, incumbent_gbp, bound_gbp;
  uint64_t nodes;
} Heard;

static const Heard DEAF = {0, 0, 0, 0, 0.0, NAN, NAN, 0};

static int32_t hear(void *userdata, double elapsed_s, double incumbent_gbp, double bound_gbp, uint64_t nodes) {
  Heard *heard = (Heard *)userdata;
  heard->calls += 1;
  heard->with_plan += !isnan(incumbent_gbp);
  /* Time and nodes never go back; what is known stays known; a plan never gets dearer, a bound never falls. */
  heard->wrong += elapsed_s < heard->elapsed_s || nodes < heard->nodes;
  heard->wrong += !isnan(heard->incumbent_gbp) && !(incumbent_gbp <= heard->incumbent_gbp + 1e-5);
  heard->wrong += !isnan(heard->bound_gbp) && !(bound_gbp >= heard->bound_gbp - 1e-5);
  heard->wrong += !isnan(incumbent_gbp) && bound_gbp > incumbent_gbp;
  heard->elapsed_s = elapsed_s;
  heard->incumbent_gbp = incumbent_gbp;
  heard->bound_gbp = bound_gbp;
  heard->nodes = nodes;
  /* The library may be called from here. */
  heard->wrong += eca_string_free(NULL) != ECA_STATUS_OK;
  return heard->stop_at_plan && heard->with_plan > 0;
}

static void told_to_the_end(const eca_problem *problem, const eca_settings *settings) {
  Heard heard = DEAF;
  eca_plan *plan = NULL;
  double objective = 0.0, bound = 0.0;
  OK(eca_problem_solve(problem, settings, NULL, hear, &heard, &plan));
  OK(eca_plan_objective_gbp(plan, &objective));
  OK(eca_plan_bound_gbp(plan, &bound));
  printf("%d calls, %d with a plan, %.2f s, %d nodes, objective %.6f, bound %.6f\n", heard.calls, heard.with_plan,
         heard.elapsed_s, (int)heard.nodes, objective, bound);
  TRUE(heard.wrong == 0);
  TRUE(heard.calls >= 3);
  TRUE(heard.with_plan >= 2);
  /* The last word is the plan. */
  TRUE(heard.incumbent_gbp == objective);
  TRUE(heard.bound_gbp == bound);
  OK(eca_plan_free(plan));
}

static void stopped_at_the_first_plan(const eca_problem *problem, const eca_settings *settings) {
  Heard heard = DEAF;
  eca_plan *plan = NULL;
  eca_cancel *cancel = NULL;
  int32_t requested = -1, passed = -1;
  heard.stop_at_plan = 1;
  OK(eca_cancel_new(&cancel));
  OK(eca_problem_solve(problem, settings, cancel, hear, &heard, &plan));
  printf("stopped after %d calls\n", heard.calls);
  TRUE(heard.with_plan >= 1);
  /* The caller's own token knows of it, and what comes back is a plan. */
  OK(eca_cancel_requested(cancel, &requested));
  TRUE(requested == 1);
  OK(eca_plan_check(plan, problem, &passed, NULL));
  TRUE(passed == 1);
  OK(eca_cancel_free(cancel));
  OK(eca_plan_free(plan));
}

/* A number other than 0, at once: there may be no plan yet, and never a call after the solve. */
static int32_t refuse(void *userdata, double elapsed_s, double incumbent_gbp, double bound_gbp, uint64_t nodes) {
  (void)elapsed_s;
  (void)incumbent_gbp;
  (void)bound_gbp;
  (void)nodes;
  *(int *)userdata += 1;
  return -1;
}

static void stopped_at_the_first_word(const eca_problem *problem, const eca_settings *settings) {
  int calls = 0;
  eca_plan *plan = NULL;
  eca_status status = eca_problem_solve(problem, settings, NULL, refuse, &calls, &plan);
  TRUE(calls >= 1);
  TRUE(status == ECA_STATUS_OK || status == ECA_STATUS_CANCELLED);
  TRUE((status == ECA_STATUS_OK) == (plan != NULL));
  OK(eca_plan_free(plan));
}

/* Every engine is reached by its name, and its last word is its plan. */
static void every_engine(const eca_problem *problem, eca_settings *settings) {
  static const char *const engines[] = {"auto", "greedy", "exact", "columns", "fleet"};
  for (size_t e = 0; e < sizeof engines / sizeof engines[0]; e++) {
    Heard heard = DEAF;
    eca_plan *plan = NULL;
    char *report = NULL;
    double objective = 0.0, bound = 0.0;
    OK(eca_settings_set_text(settings, "engine", engines[e]));
    OK(eca_problem_solve(problem, settings, NULL, hear, &heard, &plan));
    OK(eca_plan_check(plan, problem, NULL, NULL));
    OK(eca_plan_objective_gbp(plan, &objective));
    OK(eca_plan_bound_gbp(plan, &bound));
    OK(eca_plan_report_json(plan, &report));
    printf("%s: %d calls, objective %.2f, bound %.2f, %s\n", engines[e], heard.calls, objective, bound, report);
    TRUE(heard.calls >= 1 && heard.incumbent_gbp == objective && heard.bound_gbp == bound);
    TRUE(e == 0 || strstr(report, engines[e]) != NULL);
    OK(eca_string_free(report));
    OK(eca_plan_free(plan));
  }
}

int main(void) {
  eca_problem *problem = peaky_problem();
  eca_settings *settings = NULL;
  size_t live = 1;
  OK(eca_settings_new(&settings));
  OK(eca_settings_set_number(settings, "gap", 0.0));
  OK(eca_settings_set_number(settings, "node_limit", 5.0));
  OK(eca_settings_set_number(settings, "references", 0.0));
  OK(eca_settings_set_text(settings, "engine", "exact"));
  told_to_the_end(problem, settings);
  stopped_at_the_first_plan(problem, settings);
  stopped_at_the_first_word(problem, settings);
  /* Enough to hear of: no engine has to prove the optimum. */
  OK(eca_settings_set_number(settings, "gap", 0.02));
  every_engine(problem, settings);
  OK(eca_settings_free(settings));
  OK(eca_problem_free(problem));
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("progress");
}

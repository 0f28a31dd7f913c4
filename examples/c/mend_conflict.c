/*
 * Two jobs want the same two hours of one small site. Asks which limits cannot be kept together and what would mend it,
 * takes the smallest repair, plans again and says what binds now.
 *
 *   cc -std=c11 examples/c/mend_conflict.c $(pkg-config --cflags --libs eca) -o mend_conflict && ./mend_conflict
 */
#include <eca.h>

#include <stdio.h>
#include <stdlib.h>

/* Ends the program with the message of the call that failed. */
static void need(eca_status status) {
  if (status == ECA_STATUS_OK) return;
  fprintf(stderr, "%s: %s\n", eca_status_name(status), eca_last_error());
  exit(EXIT_FAILURE);
}

/* Prints a text of the library and frees it. */
static void say(const char *title, char *text) {
  printf("%s%s\n", title, text);
  need(eca_string_free(text));
}

static eca_problem *describe(void) {
  static const char *const JOBS[] = {"index", "train"};
  static const double price[] = {50.0, 70.0, 60.0, 90.0};
  static const double carbon[] = {100.0};
  int64_t start = 0;
  eca_builder *b = NULL;
  eca_problem *problem = NULL;
  need(eca_time_from_text("2026-03-02T06:00:00Z", &start));
  need(eca_builder_new(start, 60, 4, &b));
  need(eca_builder_add_region(b, "london", 1.5, 4.0));
  need(eca_builder_region_set_series(b, "london", "import_price_gbp_per_mwh", price, 4));
  need(eca_builder_region_set_series(b, "london", "carbon_g_per_kwh", carbon, 1));
  for (int j = 0; j < 2; j++) {
    need(eca_builder_add_job(b, JOBS[j], 2e6)); /* two hours at 1 MW */
    need(eca_builder_job_add_point(b, JOBS[j], 1.0, 1e6));
    need(eca_builder_job_set_text(b, JOBS[j], "deadline", "2026-03-02T08:00:00Z"));
  }
  need(eca_builder_build(b, &problem));
  need(eca_builder_free(b));
  return problem;
}

int main(void) {
  eca_problem *problem = describe(), *repaired = NULL;
  eca_conflict *conflict = NULL;
  eca_plan *plan = NULL;
  char *json = NULL, *text = NULL;
  double cost;

  need(eca_problem_conflict(problem, &conflict));
  if (conflict == NULL) {
    printf("every limit can be kept\n");
    need(eca_problem_free(problem));
    return EXIT_SUCCESS;
  }
  need(eca_conflict_to_text(conflict, &text));
  say("", text);

  need(eca_conflict_repaired(conflict, 0, &repaired)); /* number 0 changes least */
  need(eca_problem_solve(repaired, NULL, NULL, NULL, NULL, &plan));
  need(eca_plan_cost_gbp(plan, &cost));
  printf("with the first of them: %.2f GBP\n", cost);
  need(eca_plan_explain(plan, repaired, &json, &text)); /* json is the document eca-explanation/1 */
  say("", text);

  need(eca_string_free(json));
  need(eca_plan_free(plan));
  need(eca_problem_free(repaired));
  need(eca_conflict_free(conflict));
  need(eca_problem_free(problem));
  return EXIT_SUCCESS;
}

/* What a plan is worth and what would mend a conflict, worked by hand. */
#include "check.h"
#include "fixture.h"
#include "solving.h"

#include <math.h>

/* A text has a part; frees it. */
static void has(char *text, const char *part) {
  judge(text != NULL && strstr(text, part) != NULL, part, text == NULL ? "there is no text" : text);
  OK(eca_string_free(text));
}

/* Half an hour of 1 MW at 50 GBP/MWh: without the job 25 GBP are saved. */
static void explained(void) {
  eca_problem *problem = NULL, *other = NULL;
  eca_plan *plan = NULL;
  char *json = NULL, *words = NULL;
  OK(eca_problem_from_json(PROBLEM_JSON, &problem));
  OK(eca_problem_from_json(CONFLICT_JSON, &other));
  OK(eca_problem_solve(problem, NULL, NULL, NULL, NULL, &plan));
  OK(eca_plan_explain(plan, problem, &json, &words));
  TRUE(json != NULL && strstr(json, "\"saved_without_gbp\":25.0") != NULL);
  has(json, "\"format\":\"eca-explanation/1\"");
  has(words, "`embed` 25.00 GBP, 25.0000 GBP for a million inferences");
  json = NULL;
  OK(eca_plan_explain(plan, problem, &json, NULL));
  has(json, "\"binding\":");
  json = NULL;
  words = NULL;
  EXPECT(eca_plan_explain(plan, other, &json, &words), ECA_STATUS_MISMATCH, "plan");
  EXPECT(eca_plan_explain(plan, problem, NULL, &words), ECA_STATUS_NULL_ARGUMENT, "`json` is NULL");
  TRUE(json == NULL && words == NULL);
  OK(eca_plan_free(plan));
  OK(eca_problem_free(other));
  OK(eca_problem_free(problem));
}

/* 200 kg under a cap of 150 kg: 50 kg more mend it, and the best plan then costs 2 MWh at 50 GBP/MWh. */
static void mended(void) {
  eca_problem *problem = NULL, *repaired = NULL;
  eca_conflict *conflict = NULL;
  eca_plan *broken = NULL, *known = NULL, *plan = NULL;
  char *text = NULL;
  double cost = 0.0;
  int32_t proved = -1;
  size_t count = 0;
  OK(eca_problem_from_json(CONFLICT_JSON, &problem));
  OK(eca_problem_solve(problem, NULL, NULL, NULL, NULL, &broken));
  OK(eca_plan_broken_count(broken, &count));
  TRUE(count == 1);
  OK(eca_problem_conflict(problem, &conflict));
  OK(eca_problem_free(problem)); /* a conflict keeps what it needs */
  OK(eca_conflict_proved(conflict, &proved));
  TRUE(proved == 1);
  OK(eca_conflict_repair_count(conflict, &count));
  TRUE(count == 1);
  OK(eca_conflict_to_text(conflict, &text));
  has(text, "carbon cap `day` cannot be kept; what would mend it: 50 kg more for carbon cap `day`");
  OK(eca_conflict_to_json(conflict, &text));
  has(text, "\"currency\":\"kg\",\"amount\":50.0");
  EXPECT(eca_conflict_repaired(conflict, 1, &repaired), ECA_STATUS_UNKNOWN, "there is no repair `1`; known: 0 to 0");
  EXPECT(eca_conflict_plan(conflict, SIZE_MAX, &plan), ECA_STATUS_UNKNOWN, "known: 0 to 0");
  TRUE(repaired == NULL && plan == NULL);
  OK(eca_conflict_repaired(conflict, 0, &repaired));
  OK(eca_conflict_plan(conflict, 0, &known));
  OK(eca_plan_check(known, repaired, NULL, NULL));
  OK(eca_plan_broken_count(known, &count));
  TRUE(count == 0);
  OK(eca_problem_solve(repaired, NULL, NULL, NULL, NULL, &plan));
  OK(eca_plan_broken_count(plan, &count));
  TRUE(count == 0);
  OK(eca_plan_cost_gbp(plan, &cost));
  TRUE(fabs(cost - 100.0) < 1e-6);
  OK(eca_conflict_free(conflict));
  EXPECT(eca_conflict_free(conflict), ECA_STATUS_INVALID_HANDLE, "`conflict` was freed before");
  conflict = (eca_conflict *)(void *)&cost;
  OK(eca_problem_conflict(repaired, &conflict));
  TRUE(conflict == NULL); /* every limit can be kept */
  EXPECT(eca_conflict_proved(conflict, &proved), ECA_STATUS_NULL_ARGUMENT, "`conflict` is NULL");
  OK(eca_plan_free(plan));
  OK(eca_plan_free(known));
  OK(eca_plan_free(broken));
  OK(eca_problem_free(repaired));
}

/* What is sold falls short, or the job ends later: each is enough. */
static void sold(void) {
  eca_problem *problem = NULL, *repaired = NULL;
  eca_conflict *conflict = NULL;
  eca_plan *known = NULL;
  char *text = NULL;
  size_t count = 0, i = 0;
  OK(eca_problem_from_json(SOLD_JSON, &problem));
  OK(eca_problem_conflict(problem, &conflict));
  OK(eca_conflict_to_text(conflict, &text));
  has(text, "commitment `dfs-1` falls 2 MWh short in 2026-03-02 SP1, or 1 period more for job `J7`");
  OK(eca_conflict_to_json(conflict, &text));
  has(text, "\"currency\":\"mwh\",\"amount\":2.0");
  OK(eca_conflict_repair_count(conflict, &count));
  TRUE(count == 2);
  for (i = 0; i < count; i++) {
    repaired = NULL;
    known = NULL;
    OK(eca_conflict_repaired(conflict, i, &repaired));
    OK(eca_conflict_plan(conflict, i, &known));
    OK(eca_plan_check(known, repaired, NULL, NULL));
    OK(eca_plan_free(known));
    OK(eca_problem_free(repaired));
  }
  OK(eca_conflict_free(conflict));
  OK(eca_problem_free(problem));
}

/* A strict commitment is not held at the cost of a deadline: there is no plan, and the message says what is missing. */
static void strictly(void) {
  eca_problem *problem = NULL;
  eca_plan *plan = NULL;
  OK(eca_problem_from_json(STRICT_JSON, &problem));
  EXPECT(eca_problem_solve(problem, NULL, NULL, NULL, NULL, &plan), ECA_STATUS_INFEASIBLE,
         "commitment `dfs-1`: 2.000000 of 2.000000 MWh due in 2026-03-02 SP1 are missing");
  TRUE(plan == NULL);
  OK(eca_problem_free(problem));
}

/* A cap of 150 kg cannot be kept: no plan emits less than 200. */
static void lowest(void) {
  eca_problem *problem = NULL;
  char *text = NULL;
  OK(eca_problem_from_json(CONFLICT_JSON, &problem));
  OK(eca_problem_lowest_carbon(problem, NULL, &text));
  has(text, "\"carbon_kg\":200.0,");
  OK(eca_problem_lowest_carbon(problem, NULL, &text));
  has(text, "\"keeps_promises\":true");
  EXPECT(eca_problem_lowest_carbon(problem, NULL, NULL), ECA_STATUS_NULL_ARGUMENT, "`json` is NULL");
  OK(eca_problem_free(problem));
}

/* 1 MW for half an hour that may not stop: nothing to shed, and no more is asked for than that. */
static void shed(void) {
  eca_problem *problem = NULL;
  eca_plan *plan = NULL;
  char *ladder = NULL, *answer = NULL;
  OK(eca_problem_from_json(PROBLEM_JSON, &problem));
  OK(eca_problem_solve(problem, NULL, NULL, NULL, NULL, &plan));
  OK(eca_plan_shed_ladder(plan, problem, "london", 1, "{\"cap_s\": 1.0}", &ladder));
  OK(eca_shed_ladder_answer(ladder, "{\"power_mw\": 20.0}", &answer));
  has(answer, "\"cost_gbp\":0");
  answer = NULL;
  EXPECT(eca_shed_ladder_answer(ladder, "{\"power_mw\": 0.1}", &answer), ECA_STATUS_INFEASIBLE, "region `london` reaches");
  EXPECT(eca_shed_ladder_answer(ladder, "{\"power_mw\": -1}", &answer), ECA_STATUS_VALUE, "must be at least 0");
  EXPECT(eca_shed_ladder_answer("{}", "{}", &answer), ECA_STATUS_DOCUMENT, "missing field");
  TRUE(answer == NULL);
  EXPECT(eca_plan_shed_ladder(plan, problem, "paris", 0, NULL, &answer), ECA_STATUS_UNKNOWN, "region `paris`");
  EXPECT(eca_plan_shed_ladder(plan, problem, "london", 99, NULL, &answer), ECA_STATUS_VALUE, "must be below");
  has(ladder, "\"format\":\"eca-shed-ladder/1\"");
  OK(eca_plan_free(plan));
  OK(eca_problem_free(problem));
}

int main(void) {
  size_t live = 1;
  TRUE(solved_well());
  explained();
  mended();
  sold();
  strictly();
  lowest();
  shed();
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("explain");
}

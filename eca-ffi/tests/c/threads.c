/* Four threads solve at once, a fifth stops a long solve, callbacks come from the solver, handles cross threads. */
#include "solving.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pause_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&t, NULL);
}

static void *solve_ten(void *result) {
  int *good = (int *)result;
  for (int i = 0; i < 10; i++) *good += solved_well();
  return NULL;
}

static void four_at_once(void) {
  pthread_t threads[4];
  int good[4] = {0, 0, 0, 0};
  for (int i = 0; i < 4; i++) TRUE(pthread_create(&threads[i], NULL, solve_ten, &good[i]) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  TRUE(good[0] == 10 && good[1] == 10 && good[2] == 10 && good[3] == 10);
}

/* Messages belong to their thread. */
static void *own_message(void *result) {
  int *good = (int *)result;
  eca_problem *problem = NULL;
  *good = eca_last_error()[0] == '\0' && eca_problem_from_json("[", &problem) == ECA_STATUS_DOCUMENT &&
          strstr(eca_last_error(), "EOF") != NULL;
  return NULL;
}

static void messages_of_threads(void) {
  pthread_t thread;
  int good = 0;
  EXPECT(eca_plan_free((eca_plan *)(void *)&good), ECA_STATUS_INVALID_HANDLE, "not a handle");
  TRUE(pthread_create(&thread, NULL, own_message, &good) == 0);
  pthread_join(thread, NULL);
  TRUE(good);
  TRUE(strstr(eca_last_error(), "not a handle") != NULL);
}

typedef struct {
  const eca_problem *problem;
  const eca_cancel *cancel;
  eca_settings *settings;
  eca_status status;
  eca_plan *plan;
  int calls;
  int stop_after;
  int bad_calls;
  double last_elapsed_s;
  double asked_s;
} Solve;

static int32_t on_progress(void *userdata, double elapsed_s, double incumbent_gbp, double bound_gbp, uint64_t nodes) {
  Solve *solve = (Solve *)userdata;
  (void)nodes;
  solve->calls += 1;
  if (!(elapsed_s >= solve->last_elapsed_s)) solve->bad_calls += 1;
  if (!isnan(incumbent_gbp) && !isnan(bound_gbp) && bound_gbp > incumbent_gbp + 1e-3 * fabs(incumbent_gbp)) solve->bad_calls += 1;
  solve->last_elapsed_s = elapsed_s;
  if (solve->stop_after == 0 || solve->calls < solve->stop_after) return 0;
  if (solve->asked_s == 0.0) solve->asked_s = now_s();
  return 1;
}

static void *solve_hard(void *userdata) {
  Solve *solve = (Solve *)userdata;
  solve->status =
      eca_problem_solve(solve->problem, solve->settings, solve->cancel, on_progress, solve, &solve->plan);
  if (solve->status != ECA_STATUS_OK) fprintf(stderr, "hard solve: %s\n", eca_last_error());
  return NULL;
}

/* Stopped means: the best plan so far, or cancelled before there was one. */
static void judge_stopped(const Solve *solve, double stopped_after_s) {
  int32_t outcome = -1;
  TRUE(stopped_after_s < 20.0);
  TRUE(solve->bad_calls == 0);
  if (solve->status == ECA_STATUS_OK) {
    OK(eca_plan_outcome(solve->plan, &outcome));
    TRUE(outcome == ECA_OUTCOME_LIMIT);
    OK(eca_plan_check(solve->plan, solve->problem, NULL, NULL));
  } else {
    TRUE(solve->status == ECA_STATUS_CANCELLED);
  }
  OK(eca_plan_free(solve->plan));
}

static void stopped_from_outside(eca_problem *problem, eca_settings *settings) {
  eca_cancel *cancel = NULL;
  int32_t requested = -1;
  pthread_t thread;
  double asked;
  Solve solve = {problem, NULL, settings, -1, NULL, 0, 0, 0, 0.0, 0.0};
  OK(eca_cancel_new(&cancel));
  solve.cancel = cancel;
  OK(eca_cancel_requested(cancel, &requested));
  TRUE(requested == 0);
  TRUE(pthread_create(&thread, NULL, solve_hard, &solve) == 0);
  pause_ms(1500);
  asked = now_s();
  OK(eca_cancel_request(cancel));
  pthread_join(thread, NULL);
  asked = now_s() - asked;
  printf("stopped from another thread %.2f s after the request, status %s, %d progress calls\n", asked,
         eca_status_name(solve.status), solve.calls);
  judge_stopped(&solve, asked);
  OK(eca_cancel_requested(cancel, &requested));
  TRUE(requested == 1);
  OK(eca_cancel_free(cancel));
}

static void stopped_from_the_callback(eca_problem *problem, eca_settings *settings) {
  double taken;
  Solve solve = {problem, NULL, settings, -1, NULL, 0, 2, 0, 0.0, 0.0};
  solve_hard(&solve);
  taken = now_s() - solve.asked_s;
  printf("stopped %.2f s after the callback said so, status %s, %d progress calls\n", taken,
         eca_status_name(solve.status), solve.calls);
  TRUE(solve.calls >= 2);
  judge_stopped(&solve, taken);
}

static void *free_both(void *handles) {
  eca_problem **pair = (eca_problem **)handles;
  OK(eca_problem_free(pair[0]));
  return NULL;
}

/* A handle that another thread frees during a solve does not disturb the solve. */
static void freed_while_solving(eca_settings *settings) {
  pthread_t solver, freer;
  eca_problem *problem = hard_problem();
  eca_problem *pair[1];
  eca_cancel *cancel = NULL;
  Solve solve = {problem, NULL, settings, -1, NULL, 0, 0, 0, 0.0, 0.0};
  OK(eca_cancel_new(&cancel));
  solve.cancel = cancel;
  pair[0] = problem;
  TRUE(pthread_create(&solver, NULL, solve_hard, &solve) == 0);
  pause_ms(300);
  TRUE(pthread_create(&freer, NULL, free_both, pair) == 0);
  pthread_join(freer, NULL);
  OK(eca_cancel_request(cancel));
  OK(eca_cancel_free(cancel));
  pthread_join(solver, NULL);
  TRUE(solve.status == ECA_STATUS_OK || solve.status == ECA_STATUS_CANCELLED);
  EXPECT(eca_problem_free(problem), ECA_STATUS_INVALID_HANDLE, "was freed before");
  OK(eca_plan_free(solve.plan));
}

int main(void) {
  eca_problem *problem = hard_problem();
  eca_settings *settings = NULL;
  size_t live = 1;
  OK(eca_settings_new(&settings));
  OK(eca_settings_set_number(settings, "gap", 0.0));
  OK(eca_settings_set_number(settings, "references", 0.0));
  OK(eca_settings_set_number(settings, "time_limit_s", 60.0));
  /* The engine that takes long on it. */
  OK(eca_settings_set_text(settings, "engine", "exact"));
  four_at_once();
  messages_of_threads();
  stopped_from_outside(problem, settings);
  stopped_from_the_callback(problem, settings);
  freed_while_solving(settings);
  OK(eca_settings_free(settings));
  OK(eca_problem_free(problem));
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("threads");
}

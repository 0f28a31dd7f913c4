/* Adapters in C that are silent, say no, answer nonsense or are cut off: the loop goes on, and says what was wrong. */
#include "check.h"
#include "fixture.h"

typedef struct {
  const char *answer;
  int calls;
} echo;

static const char *say(void *user_data, const char *request) {
  echo *e = (echo *)user_data;
  (void)request;
  e->calls += 1;
  return e->answer;
}

static int has(const char *text, const char *part) { return text != NULL && strstr(text, part) != NULL; }

static void answers(void) {
  static const struct { const char *answer, *part; } ANSWERS[] = {
      {NULL, "`read` gave NULL"},
      {"\xff", "invalid utf-8"},
      {"{\"refused\": \"locked\"}", "locked"},
      {"[]", "the answer to `read`"},
      {"{\"at\": \"2026-03-02T00:00:00Z\", \"import_mw\": -1, \"export_mw\": 0, \"import_wh\": 0, \"export_wh\": 0}",
       "at least 0"},
      {"{\"at\": \"2020-03-02T00:00:00Z\", \"import_mw\": 1, \"export_mw\": 0, \"import_wh\": 0, \"export_wh\": 0}",
       "s old"},
  };
  size_t i;
  for (i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
    echo meter = {NULL, 0};
    eca_adapter adapter = {sizeof(eca_adapter), NULL, say, NULL};
    eca_loop *live = NULL;
    char *tick = NULL;
    meter.answer = ANSWERS[i].answer;
    adapter.user_data = &meter;
    OK(eca_loop_new(PROBLEM_JSON, NULL, &live));
    OK(eca_loop_add_meter(live, "london", &adapter));
    OK(eca_loop_tick(live, 1772409600, &tick));
    TRUE(meter.calls > 0);
    judge(has(tick, ANSWERS[i].part), ANSWERS[i].part, tick == NULL ? "" : tick);
    OK(eca_string_free(tick));
    OK(eca_loop_free(live));
  }
}

static void refused(void) {
  echo silent = {NULL, 0};
  eca_adapter adapter = {sizeof(eca_adapter), NULL, say, say};
  eca_adapter small = {1, NULL, say, say};
  eca_adapter empty = {sizeof(eca_adapter), NULL, NULL, NULL};
  eca_stage bad = {1, NULL, NULL, NULL, 0, 0};
  eca_loop *live = NULL;
  char *text = NULL;
  adapter.user_data = &silent;
  OK(eca_loop_new(PROBLEM_JSON, "{\"shadow\": true}", &live));
  EXPECT(eca_loop_add_cluster(live, &small), ECA_STATUS_DOCUMENT, "sizeof(eca_adapter)");
  EXPECT(eca_loop_add_signals(live, &empty), ECA_STATUS_DOCUMENT, "`read` not NULL");
  OK(eca_loop_add_cluster(live, &adapter));
  OK(eca_loop_tick(live, 1772409600, &text));
  TRUE(has(text, "`read` gave NULL"));
  OK(eca_string_free(text));
  EXPECT(eca_loop_add_cluster(live, &adapter), ECA_STATUS_INVALID_HANDLE, "before the first turn");
  OK(eca_loop_ledger(live, &text));
  TRUE(has(text, "\"entries\""));
  OK(eca_string_free(text));
  OK(eca_loop_free(live));
  EXPECT(eca_loop_new(PROBLEM_JSON, "{\"shadw\": true}", &live), ECA_STATUS_DOCUMENT, "shadw");
  EXPECT(eca_adapter_conformance(&adapter, "{\"boiler\": 1}", NULL, &text), ECA_STATUS_DOCUMENT, "boiler");
  EXPECT(eca_adapter_conformance(&adapter, "{\"meter\": {}}", &bad, &text), ECA_STATUS_DOCUMENT, "sizeof(eca_stage)");
  OK(eca_adapter_conformance(&adapter, "{\"meter\": {}}", NULL, &text));
  TRUE(has(text, "a meter can be read"));
  OK(eca_string_free(text));
}

int main(void) {
  answers();
  refused();
  return finish("adapters");
}

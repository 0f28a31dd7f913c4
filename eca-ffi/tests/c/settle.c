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
                           &months));
  TRUE(has(months, "\"month\":\"2026-02\"") && has(months, "\"cash_ugbp\":150000000"));
  TRUE(has(months, "\"operational_mg\":100000000"));
  EXPECT(eca_settlement_report("x", NULL, &first), ECA_STATUS_PARSE, "records line 1");
  char *texts[] = {early, late, first, both, change, months};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) OK(eca_string_free(texts[i]));
}

int main(void) {
  size_t live = 99;
  settled();
  refused();
  booked();
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("settle");
}

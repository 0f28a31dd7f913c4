/* Flexibility is priced, and what can be delivered is told. */
#include "check.h"
#include "fixture.h"

static int has(const char *text, const char *part) { return text != NULL && strstr(text, part) != NULL; }

int main(void) {
  eca_problem *problem = NULL;
  eca_settings *settings = NULL;
  char *offers = NULL;
  char *deliverable = NULL;
  OK(eca_problem_from_json(PROBLEM_JSON, &problem));
  OK(eca_settings_new(&settings));
  OK(eca_settings_set_number(settings, "gap", 0));

  /* Half an hour at 1 MW moves from 50 to 100 GBP/MWh; 2 MW are not there. */
  OK(eca_problem_offers(problem, settings, REQUEST_JSON, &offers));
  TRUE(has(offers, "\"format\":\"eca-offers/1\""));
  TRUE(has(offers, "\"mw\":1.0,") && has(offers, "\"price_gbp_per_mwh\":50.0"));
  TRUE(has(offers, "\"refused\":\"1.000 MW can be delivered in every period\""));
  OK(eca_string_free(offers));

  /* 1 MW for half an hour is all there is of 3 MW. */
  OK(eca_problem_check_offer(problem, NULL, OFFER_JSON, &deliverable));
  TRUE(has(deliverable, "[0.5]"));
  OK(eca_string_free(deliverable));

  offers = NULL;
  EXPECT(eca_problem_offers(problem, NULL, "{}", &offers), ECA_STATUS_DOCUMENT, "format");
  EXPECT(eca_problem_offers(problem, NULL, "[]", &offers), ECA_STATUS_DOCUMENT, "object");
  EXPECT(eca_problem_check_offer(problem, NULL, "{\"id\":\"x\"}", &offers), ECA_STATUS_DOCUMENT, "route");
  TRUE(offers == NULL);
  OK(eca_settings_free(settings));
  OK(eca_problem_free(problem));
  return finish("offers");
}

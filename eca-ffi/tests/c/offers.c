/* Flexibility is priced, and what can be delivered is told. */
#include "check.h"
#include "fixture.h"

static int has(const char *text, const char *part) { return text != NULL && strstr(text, part) != NULL; }

/* What a buyer pays for is taken, becomes a commitment, and is not sold again. */
static void sold(void) {
  static const double price[] = {100.0, 50.0};
  static const double carbon[] = {200.0, 100.0};
  eca_builder *builder = NULL;
  eca_problem *problem = NULL, *accepted = NULL, *both = NULL;
  eca_plan *plan = NULL;
  char *text = NULL, *commitment = NULL, *left = NULL;
  OK(eca_builder_new(1772409600, 30, 2, &builder)); /* 2026-03-02T00:00:00Z */
  OK(eca_builder_add_region(builder, "london", 4.0, 6.0));
  OK(eca_builder_region_set_number(builder, "london", "p511_export_max_mw", 1.5));
  OK(eca_builder_region_set_series(builder, "london", "import_price_gbp_per_mwh", price, 2));
  OK(eca_builder_region_set_series(builder, "london", "carbon_g_per_kwh", carbon, 2));
  OK(eca_builder_add_job(builder, "embed", 1000000.0));
  OK(eca_builder_job_add_point(builder, "embed", 1.0, 2000000.0));
  OK(eca_builder_add_opportunity(builder, OPPORTUNITY_JSON));
  OK(eca_builder_add_target(builder, "{\"id\":\"cap\",\"region\":\"london\",\"power_mw\":[2,null]}"));
  EXPECT(eca_builder_add_opportunity(builder, "{}"), ECA_STATUS_DOCUMENT, "id");
  EXPECT(eca_builder_add_target(builder, "{\"id\":\"t\",\"power\":1}"), ECA_STATUS_DOCUMENT, "power");
  EXPECT(eca_builder_add_commitment(builder, "[]"), ECA_STATUS_DOCUMENT, "object");
  OK(eca_builder_build(builder, &problem));
  OK(eca_problem_to_json(problem, &text));
  TRUE(has(text, "\"p511_export_max_mw\":1.5") && has(text, "\"targets\":[{\"id\":\"cap\""));
  OK(eca_string_free(text));
  OK(eca_problem_solve(problem, NULL, NULL, NULL, NULL, &plan));
  OK(eca_problem_accept(problem, plan, &accepted));
  OK(eca_problem_to_json(accepted, &text));
  TRUE(has(text, "\"opportunities\":[]") && has(text, "\"commitments\":[{\"id\":\"evening\""));
  OK(eca_string_free(text));
  /* A plan of another problem is none of this one. */
  EXPECT(eca_problem_accept(accepted, plan, &both), ECA_STATUS_MISMATCH, "problem");
  TRUE(both == NULL);

  /* 1 MW is sold and all there is: a rung of the same half hour finds nothing left. */
  OK(eca_offers_to_text(OFFERS_JSON, &text));
  TRUE(has(text, "1 MW x 1 SP: 50.00 GBP/MWh"));
  OK(eca_string_free(text));
  OK(eca_offers_commitment(OFFERS_JSON, 0, "second", "{\"price_gbp_per_mwh\":180}", &commitment));
  TRUE(has(commitment, "\"id\":\"second\"") && has(commitment, "\"committed_mw\":[1.0]"));
  OK(eca_problem_check_offer(accepted, NULL, commitment, &left));
  TRUE(has(left, "[0.0]"));
  OK(eca_problem_add_commitment(accepted, commitment, &both));
  OK(eca_problem_to_json(both, &text));
  TRUE(has(text, "\"id\":\"evening\"") && has(text, "\"id\":\"second\""));
  OK(eca_string_free(text));
  text = NULL;
  EXPECT(eca_offers_commitment(OFFERS_JSON, 1, "x", NULL, &text), ECA_STATUS_UNKNOWN, "known: 0 to 0");
  EXPECT(eca_offers_commitment(OFFERS_JSON, 0, "x", "{\"price\":1}", &text), ECA_STATUS_DOCUMENT, "price");
  TRUE(text == NULL);
  eca_problem *twice = NULL;
  EXPECT(eca_problem_add_commitment(both, commitment, &twice), ECA_STATUS_DUPLICATE, "second");

  /* The same by the builder: a commitment from the start. */
  OK(eca_builder_add_commitment(builder, commitment));
  OK(eca_builder_build(builder, &twice));
  OK(eca_problem_free(twice));
  OK(eca_string_free(left));
  OK(eca_string_free(commitment));
  OK(eca_problem_free(both));
  OK(eca_problem_free(accepted));
  OK(eca_plan_free(plan));
  OK(eca_problem_free(problem));
  OK(eca_builder_free(builder));
}

int main(void) {
  size_t live = 99;
  sold();
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
  EXPECT(eca_offers_commitment(offers, 1, "x", NULL, &deliverable), ECA_STATUS_VALUE, "must be offered to be sold: 1.000 MW");
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
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("offers");
}

/*
 * Plans a day: reads prices and carbon of two regions, runs a batch job where and when it costs least under a carbon
 * cap, and prints pounds and grams per inference beside "start everything at once".
 *
 *   cc -std=c11 examples/c/plan_day.c $(pkg-config --cflags --libs eca) -o plan_day
 *   ./plan_day examples/c/day.csv
 */
#include <eca.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIODS = 48, REGIONS = 2 };

static const char *const REGION_IDS[REGIONS] = {"london", "north-scotland"};

/* The columns of the file, one row for each region. */
typedef struct {
  int64_t start_unix_s;
  int rows[REGIONS];
  double price[REGIONS][PERIODS];
  double carbon[REGIONS][PERIODS];
} Day;

/* Ends the program with the message of the call that failed. */
static void need(eca_status status) {
  if (status == ECA_STATUS_OK) return;
  fprintf(stderr, "%s: %s\n", eca_status_name(status), eca_last_error());
  exit(EXIT_FAILURE);
}

/* Takes one line: start,region,import_price_gbp_per_mwh,carbon_g_per_kwh. */
static int take(Day *day, const char *line) {
  char start[40], region[40];
  double price, carbon;
  int64_t at = 0;
  if (sscanf(line, "%39[^,],%39[^,],%lf,%lf", start, region, &price, &carbon) != 4) return 0;
  need(eca_time_from_text(start, &at)); /* a time without an offset is refused here */
  for (int r = 0; r < REGIONS; r++) {
    if (strcmp(region, REGION_IDS[r]) != 0) continue;
    if (day->rows[r] == PERIODS) return 0;
    if (day->rows[r] == 0) day->start_unix_s = at;
    if (at != day->start_unix_s + 1800 * (int64_t)day->rows[r]) return 0; /* a gap, or not sorted */
    day->price[r][day->rows[r]] = price;
    day->carbon[r][day->rows[r]] = carbon;
    day->rows[r] += 1;
    return 1;
  }
  return 0;
}

static void read_day(Day *day, const char *path) {
  char line[160];
  FILE *file = fopen(path, "r");
  int number = 1;
  if (file == NULL || fgets(line, sizeof line, file) == NULL) {
    fprintf(stderr, "%s cannot be read\n", path);
    exit(EXIT_FAILURE);
  }
  while (fgets(line, sizeof line, file) != NULL) {
    number += 1;
    if (take(day, line)) continue;
    fprintf(stderr, "%s line %d is not the next half hour of a known region\n", path, number);
    exit(EXIT_FAILURE);
  }
  fclose(file);
  for (int r = 0; r < REGIONS; r++) {
    if (day->rows[r] == PERIODS) continue;
    fprintf(stderr, "%s has %d half hours of %s, not %d\n", path, day->rows[r], REGION_IDS[r], PERIODS);
    exit(EXIT_FAILURE);
  }
}

/* Two sites, a battery, a batch job that may move and pause, a chat service, and a cap for the day. */
static eca_problem *describe(const Day *day) {
  static const double chat_per_half_hour[] = {1500000.0};
  eca_builder *b = NULL;
  eca_problem *problem = NULL;
  need(eca_builder_new(day->start_unix_s, 30, PERIODS, &b));
  for (int r = 0; r < REGIONS; r++) {
    need(eca_builder_add_region(b, REGION_IDS[r], r == 0 ? 12.0 : 6.0, r == 0 ? 15.0 : 8.0));
    need(eca_builder_region_set_series(b, REGION_IDS[r], "import_price_gbp_per_mwh", day->price[r], PERIODS));
    need(eca_builder_region_set_series(b, REGION_IDS[r], "carbon_g_per_kwh", day->carbon[r], PERIODS));
  }
  need(eca_builder_add_battery(b, "rack", "london", 2.0, 4.0));
  need(eca_builder_battery_set_number(b, "rack", "charge_efficiency", 0.95));
  need(eca_builder_battery_set_number(b, "rack", "discharge_efficiency", 0.95));

  need(eca_builder_add_job(b, "embed", 90000000.0));
  need(eca_builder_job_add_point(b, "embed", 5.0, 15500000.0));
  need(eca_builder_job_add_point(b, "embed", 3.4, 13400000.0));
  need(eca_builder_job_set_text(b, "embed", "deadline", "2026-03-02T20:00:00Z"));
  need(eca_builder_job_set_number(b, "embed", "preemptible", 1.0));
  need(eca_builder_job_set_number(b, "embed", "pause_cost_gbp", 4.0));
  need(eca_builder_job_set_number(b, "embed", "migration.cost_gbp", 10.0));

  need(eca_builder_add_service(b, "chat", chat_per_half_hour, 1));
  need(eca_builder_service_add_point(b, "chat", 0.3, 40.0));

  need(eca_builder_add_carbon_cap(b, "day", "g_per_kwh", 120.0));
  need(eca_builder_build(b, &problem));
  need(eca_builder_free(b));
  return problem;
}

/* One letter for each half hour: where the job works, and at which point. */
static void print_job(const eca_plan *plan) {
  int32_t region[PERIODS], point[PERIODS];
  need(eca_plan_job_regions(plan, "embed", 0, region, PERIODS, NULL));
  need(eca_plan_job_points(plan, "embed", 0, point, PERIODS, NULL));
  printf("embed: ");
  for (int t = 0; t < PERIODS; t++) putchar(region[t] < 0 ? '.' : "LlNn"[2 * region[t] + point[t]]);
  printf("  (L London, N north Scotland, small letters at 3.4 MW)\n");
}

int main(int argc, char **argv) {
  Day day = {0, {0}, {{0}}, {{0}}};
  eca_settings *settings = NULL;
  eca_plan *plan = NULL;
  double cost, at_once, carbon, pounds, grams;
  if (argc != 2) {
    fprintf(stderr, "usage: %s day.csv\n", argv[0]);
    return EXIT_FAILURE;
  }
  need(eca_abi_check(ECA_ABI_VERSION));
  read_day(&day, argv[1]);

  eca_problem *problem = describe(&day);
  need(eca_settings_new(&settings));
  need(eca_settings_set_number(settings, "gap", 1e-6));
  need(eca_problem_solve(problem, settings, NULL, NULL, NULL, &plan));
  need(eca_plan_check(plan, problem, NULL, NULL));

  need(eca_plan_cost_gbp(plan, &cost));
  need(eca_plan_carbon_kg(plan, &carbon));
  need(eca_plan_number(plan, "references.run_at_once.cost_gbp", &at_once));
  need(eca_plan_number(plan, "totals.cost_gbp_per_inference", &pounds));
  need(eca_plan_number(plan, "totals.carbon_g_per_inference", &grams));
  printf("cost    %8.2f GBP, started at once %.2f GBP\n", cost, at_once);
  printf("carbon  %8.1f kg\n", carbon);
  printf("million inferences: %.2f GBP, %.1f kg CO2\n", pounds * 1e6, grams * 1e3);
  print_job(plan);

  need(eca_plan_free(plan));
  need(eca_problem_free(problem));
  need(eca_settings_free(settings));
  return EXIT_SUCCESS;
}

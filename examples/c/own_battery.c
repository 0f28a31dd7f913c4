/* An adapter of one's own: a battery behind whatever you have, the function that judges it, and a loop that uses it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "eca.h"

/* What your device does. Here it is a model of one: 2 MW, 4 MWh, half full; yours is behind a cable. */
typedef struct {
  double soc_mwh, net_mw;
  long now_s, until_s;
  char done[64][40];
  size_t count;
  char last[64];
  char answer[256];
} device;

/* The text after `"key":`; programs of your own take their JSON library. Never NULL. */
static const char *after(const char *json, const char *key) {
  const char *found = strstr(json, key);
  return found == NULL ? "" : found + strlen(key);
}

/* Seconds in March 2026, in which this example lives: 2026-03-02T00:00:05Z. */
static long seconds(const char *time) {
  int day = 0, h = 0, min = 0, s = 0;
  if (sscanf(time, "2026-03-%dT%d:%d:%dZ", &day, &h, &min, &s) < 3) return 0;
  return ((day * 24L + h) * 60 + min) * 60 + s;
}

/* The device lives on until now. Its set point ends by itself: a controller may be gone. */
static void live_until(device *d, long now_s) {
  long end = now_s < d->until_s ? now_s : d->until_s;
  if (end > d->now_s) d->soc_mwh += d->net_mw * (double)(end - d->now_s) / 3600.0;
  if (now_s > d->now_s) d->now_s = now_s;
  if (d->until_s <= now_s) d->net_mw = 0.0;
}

static const char *read_it(void *user_data, const char *request) {
  device *d = user_data;
  const char *now = after(request, "\"now\":\"");
  live_until(d, seconds(now));
  snprintf(d->answer, sizeof d->answer, "{\"at\": \"%.20s\", \"soc_mwh\": %f, \"charge_mw\": %f, \"discharge_mw\": %f}", now,
           d->soc_mwh, d->net_mw > 0 ? d->net_mw : 0.0, d->net_mw < 0 ? -d->net_mw : 0.0);
  return d->answer;
}

static const char *apply(void *user_data, const char *request) {
  device *d = user_data;
  const char *id = after(request, "\"id\":\""), *command = after(request, "\"command\":");
  const char *from = after(request, "\"not_before\":\""), *until = after(request, "\"expires\":\"");
  const char *options = after(request, "\"options\":");
  double power_mw = strtod(after(command, "\"power_mw\":"), NULL);
  long now_s = seconds(after(options, "\"now\":\""));
  char place[64];
  size_t i;
  double sign;
  if (strncmp(command, "{\"charge\"", 9) == 0) sign = 1;
  else if (strncmp(command, "{\"discharge\"", 12) == 0) sign = -1;
  else if (strncmp(command, "\"idle\"", 6) == 0) sign = power_mw = 0;
  else return "{\"refused\": \"it is a battery\"}";
  if (strstr(request, "\"target\":{\"battery\":{\"id\":\"mine\"}}") == NULL) return "{\"unknown\": \"another battery\"}";
  if (power_mw > 2.0) return "{\"refused\": \"more than 2 MW\"}";
  live_until(d, now_s);
  /* Times of this form are in order as text, and so are numbers of the same length. */
  snprintf(place, sizeof place, "%.20s %020ld", from, strtol(after(request, "\"generation\":"), NULL, 10));
  if (now_s >= seconds(until)) return "\"expired\"";
  for (i = 0; i < d->count; i++)
    if (strncmp(d->done[i], id, 32) == 0) return "\"already_done\"";
  if (now_s < seconds(from)) return "\"early\"";
  if (strcmp(place, d->last) <= 0) return "\"overtaken\"";
  snprintf(d->done[d->count++ % 64], 33, "%.32s", id);
  if (d->count > 63) d->count = 63;
  memcpy(d->last, place, sizeof place);
  d->net_mw = sign * power_mw;
  d->until_s = seconds(until);
  return "\"done\"";
}

static const char *const LIKE =
    "{\"battery\": {\"id\": \"mine\", \"region\": \"london\", \"power_capacity_mw\": 2, \"energy_capacity_mwh\": 4}}";

/* Cheap hours fill it, dear ones empty it. */
static const char *const SITE =
    "{\"format\": \"eca-problem/1\", \"horizon\": {\"start\": \"2026-03-02T00:00:00Z\", \"step_min\": 60, \"periods\": 3},"
    " \"regions\": [{\"id\": \"london\", \"it_capacity_mw\": 1, \"overhead_mw\": 2, \"import_limit_mw\": 4,"
    "  \"import_price_gbp_per_mwh\": [60, 40, 190], \"carbon_g_per_kwh\": 200}],"
    " \"batteries\": [{\"id\": \"mine\", \"region\": \"london\", \"power_capacity_mw\": 2, \"energy_capacity_mwh\": 4}]}";

static int failed(eca_status status) {
  if (status != ECA_STATUS_OK) fprintf(stderr, "%s\n", eca_last_error());
  return status != ECA_STATUS_OK;
}

int main(void) {
  device judged = {0}, used = {0};
  eca_adapter adapter = {sizeof adapter, &judged, read_it, apply};
  eca_loop *live = NULL;
  char *text = NULL;
  int64_t hour;
  judged.soc_mwh = used.soc_mwh = 2.0;
  if (failed(eca_adapter_conformance(&adapter, LIKE, NULL, &text))) return 1;
  printf("findings: %s\n", text);
  eca_string_free(text);

  adapter.user_data = &used;
  if (failed(eca_loop_new(SITE, "{\"shadow\": false, \"view_periods\": 3}", &live))) return 1;
  if (failed(eca_loop_add_battery(live, "mine", &adapter))) return 1;
  for (hour = 0; hour < 3; hour++) {
    if (failed(eca_loop_tick(live, 1772409600 + 3600 * hour, &text))) return 1;
    printf("%d: battery at %.2f MW\n", (int)hour, used.net_mw);
    eca_string_free(text);
  }
  eca_loop_free(live);
  return 0;
}

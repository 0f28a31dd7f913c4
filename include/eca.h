/*
 * ECA: least-cost computing under a carbon cap.
 *
 * - Every function that can fail returns an eca_status; 0 is success, eca_last_error() says what went wrong.
 * - Outputs are written only on success. Inputs are copied.
 * - Every eca_..._new, _from_json, _build and _solve is undone by the _free of its type, every char * by eca_string_free.
 *   Freeing NULL is allowed; freeing twice is refused.
 * - Every handle may be used from several threads at once.
 * - Power is in MW, energy in MWh, money in GBP, carbon in kg (totals) or g/kWh (intensity), time in UTC.
 *
 * Guide: docs/guide/c.md. Example: examples/c/plan_day.c.
 */

#ifndef ECA_H
#define ECA_H

/* Made from eca-ffi/src by `make header`. Do not edit. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * No plan is cheaper: cost and bound agree to 1e-6.
 */
#define ECA_OUTCOME_OPTIMAL 0

/**
 * The gap that was asked for is proved.
 */
#define ECA_OUTCOME_WITHIN_GAP 1

/**
 * A limit (time, nodes, cancellation) came first; the gap says how far the plan can be from the optimum.
 */
#define ECA_OUTCOME_LIMIT 2

/**
 * A plan that is proved to be within the gap that was asked for.
 */
#define ECA_SOURCE_OPTIMAL 0

/**
 * The best plan in time.
 */
#define ECA_SOURCE_INCUMBENT 1

/**
 * The last plan going on.
 */
#define ECA_SOURCE_SHIFTED 2

/**
 * A simple policy.
 */
#define ECA_SOURCE_GREEDY 3

/**
 * Every period was committed before: nothing was planned.
 */
#define ECA_SOURCE_COMMITTED 4

/**
 * Nothing could be planned: what runs goes on where it must or may, batteries rest.
 */
#define ECA_SOURCE_SAFE 5

/**
 * Version of the binary interface; it moves on any change that breaks a compiled caller. 0 until the first release.
 */
#define ECA_ABI_VERSION 0

/**
 * Major version of the library that this header belongs to.
 */
#define ECA_VERSION_MAJOR 0

/**
 * Minor version of the library that this header belongs to.
 */
#define ECA_VERSION_MINOR 1

/**
 * Patch version of the library that this header belongs to.
 */
#define ECA_VERSION_PATCH 0

/**
 * `major * 1000000 + minor * 1000 + patch`.
 */
#define ECA_VERSION_NUMBER (((ECA_VERSION_MAJOR * 1000000) + (ECA_VERSION_MINOR * 1000)) + ECA_VERSION_PATCH)

/**
 * Collects regions, batteries, jobs, services and caps; `eca_builder_build` makes a problem of them.
 */
typedef struct eca_builder eca_builder;

/**
 * Stops a running solve from another thread.
 */
typedef struct eca_cancel eca_cancel;

/**
 * Limits of a problem that cannot be kept together, and what would mend it. It never changes.
 */
typedef struct eca_conflict eca_conflict;

/**
 * A rolling horizon: plans again in each step, and keeps what it has committed to.
 */
typedef struct eca_controller eca_controller;

/**
 * A running loop: a site, its adapters, and what was told to them.
 */
typedef struct eca_loop eca_loop;

/**
 * A plan: what to do in each period, what it costs, and how good it is. It never changes.
 */
typedef struct eca_plan eca_plan;

/**
 * A problem that has been validated. It never changes.
 */
typedef struct eca_problem eca_problem;

/**
 * How a problem is solved.
 */
typedef struct eca_settings eca_settings;

/**
 * A controller that nobody follows, and a ledger of what would have been paid and emitted.
 */
typedef struct eca_shadow eca_shadow;

/**
 * What one step of a controller or shadow gives. It never changes.
 */
typedef struct eca_step eca_step;

/**
 * Result of a call: `ECA_STATUS_OK` or the reason of the failure. Treat numbers you do not know as failures.
 */
typedef int32_t eca_status;

/**
 * Answers a request, a JSON document, with one.
 *
 * The answer is a text that ends with NUL and stays as it is until the next call of the same adapter; it is copied. NULL
 * means that there is no answer: nothing is known then, and the same call comes again. The request is gone when the
 * function returns. It must not throw a C++ exception or jump out with longjmp.
 */
typedef const char *(*eca_adapter_fn)(void *user_data, const char *request_json);

/**
 * An adapter that is written in C: jobs of a cluster, a battery, a meter or a source of signals.
 *
 * `read` gets `{"now", "max_age_s"}` and answers with what it reads: for a cluster a list of
 * `{"at", "job", "power_mw", "checkpoint_at"}` with jobs as in a problem document, for a battery
 * `{"at", "soc_mwh", "charge_mw", "discharge_mw"}`, for a meter `{"at", "import_mw", "export_mw", "import_wh", "export_wh"}`,
 * for signals `{"csv", "retrieved_at"}`.
 *
 * `apply` gets `{"action", "options"}` and answers with `"done"`, `"already_done"`, `"early"`, `"expired"`, `"overtaken"`
 * or `"would_do"`; `{"refused": "why"}` says no, `{"unknown": "what"}` that there is no such thing. Meters and signals
 * have none.
 *
 * The functions are called from the thread that calls the loop. They and `user_data` can be used until the loop is freed.
 */
typedef struct {
  /**
   * `sizeof(eca_adapter)`.
   */
  size_t size;
  /**
   * Handed to the functions and not looked at.
   */
  void *user_data;
  /**
   * Never NULL.
   */
  eca_adapter_fn read;
  /**
   * NULL for meters and signals.
   */
  eca_adapter_fn apply;
} eca_adapter;

/**
 * Somebody who lets time pass for a device that is real.
 *
 * `now` gives the present instant in seconds since 1970 UTC, `wait` comes back after so many seconds.
 */
typedef struct {
  /**
   * `sizeof(eca_stage)`.
   */
  size_t size;
  /**
   * Handed to the functions and not looked at.
   */
  void *user_data;
  /**
   * Never NULL.
   */
  int64_t (*now)(void *user_data);
  /**
   * Never NULL.
   */
  void (*wait)(void *user_data, int64_t seconds);
  /**
   * Time in which the device does what it was told, s.
   */
  int64_t settle_s;
  /**
   * Length of the commands of the test, s.
   */
  int64_t command_s;
} eca_stage;

/**
 * Told how far a solve has come; gives 0 to go on and any other number to stop the solve.
 *
 * `elapsed_s` counts from the start of the solve; `incumbent_gbp` is the objective of the best plan so far and
 * `bound_gbp` the least that any plan can have, NaN where not known yet; `nodes` counts branch-and-bound nodes.
 * A better plan is told at once, anything else at most fifty times a second, and at the end the plan that is handed
 * out. The plan gets cheaper and the bound rises, except where a solve has several steps: where a limit that was left
 * out turns out to matter, or strict carbon caps are planned in their order, both start again.
 * It is called from a thread of the solver, one call at a time, and never after `eca_problem_solve` has returned. It may
 * call functions of this library. It must not throw a C++ exception or jump out with longjmp.
 */
typedef int32_t (*eca_progress_fn)(void *userdata,
                                   double elapsed_s,
                                   double incumbent_gbp,
                                   double bound_gbp,
                                   uint64_t nodes);

/**
 * The call did what it says.
 */
#define ECA_STATUS_OK 0

/**
 * A pointer that must point to something is NULL.
 */
#define ECA_STATUS_NULL_ARGUMENT 1

/**
 * A text is not UTF-8.
 */
#define ECA_STATUS_INVALID_UTF8 2

/**
 * A handle was freed, is of another type, or never came from this library.
 */
#define ECA_STATUS_INVALID_HANDLE 3

/**
 * A defect of ECA stopped the call. Free the handles it was given and report it.
 */
#define ECA_STATUS_PANIC 4

/**
 * The process was forked while another thread was inside ECA; the child cannot use what that thread held.
 */
#define ECA_STATUS_WRONG_PROCESS 5

/**
 * The caller was compiled with the header of another ABI version.
 */
#define ECA_STATUS_WRONG_ABI 6

/**
 * A pointer is not aligned for what it points to.
 */
#define ECA_STATUS_MISALIGNED 7

/**
 * A plan was checked and something is wrong with it.
 */
#define ECA_STATUS_CHECK_FAILED 8

/**
 * The text is not a document of the expected form.
 */
#define ECA_STATUS_DOCUMENT 10

/**
 * A value is outside its limits.
 */
#define ECA_STATUS_VALUE 11

/**
 * An array has the wrong number of values, or a buffer is too small.
 */
#define ECA_STATUS_LENGTH 12

/**
 * An identifier is used twice.
 */
#define ECA_STATUS_DUPLICATE 13

/**
 * A name refers to nothing; the message lists the names that exist.
 */
#define ECA_STATUS_UNKNOWN 14

/**
 * A feature that this version does not have.
 */
#define ECA_STATUS_UNSUPPORTED 15

/**
 * A job cannot meet its hard deadline even alone.
 */
#define ECA_STATUS_CANNOT_FIT 16

/**
 * A time stamp or settlement period is not usable.
 */
#define ECA_STATUS_TIME 17

/**
 * A series has gaps and the chosen policy refuses them.
 */
#define ECA_STATUS_GAP 18

/**
 * A signal file cannot be read.
 */
#define ECA_STATUS_PARSE 19

/**
 * A price in another currency without a rate.
 */
#define ECA_STATUS_CURRENCY 20

/**
 * The solver is missing, wrong or failed.
 */
#define ECA_STATUS_SOLVER 30

/**
 * No plan satisfies the hard limits; the message names them.
 */
#define ECA_STATUS_INFEASIBLE 31

/**
 * The solve was cancelled before a plan was found.
 */
#define ECA_STATUS_CANCELLED 32

/**
 * A plan does not belong to this problem.
 */
#define ECA_STATUS_MISMATCH 33

/**
 * A defect of ECA itself, found in time.
 */
#define ECA_STATUS_INTERNAL 90

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Verifies the log in a directory from its files alone: signed head, every tile and record, what records cite, message
 * signatures, certificates, settlements, the fund. A directory with the yearly shards of a log is audited as one.
 *
 * `trust_json` is the text of a trust file, with keys from outside the log; without it (NULL) a log can only be found to
 * agree with itself, and does not pass. `since` is the text of an earlier signed head, which the log must continue; NULL
 * for none. `passed` becomes 1 or 0, `report` a JSON object with `passed`, `trusted`, `records`, `checked` (what held) and
 * `faults` (`place`, `reason`); free it with `eca_string_free`. Either may be NULL.
 *
 * A log that does not pass is no failure of this call. The texts are copied. Any thread, also several on one log. Errors:
 * `ECA_STATUS_PARSE` if the directory or a file cannot be read, `ECA_STATUS_DOCUMENT` for a trust file that cannot be
 * used, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `passed` and `report` are NULL or point to an `int32_t` and a `char *`.
 */
eca_status eca_audit(const char *folder,
                     const char *trust_json,
                     const char *since,
                     int32_t *passed,
                     char **report);

/**
 * Starts a problem of `periods` steps of `step_min` minutes (5, 15, 30 or 60) from `start_unix_s` on, seconds since
 * 1970-01-01T00:00:00Z. Free it with `eca_builder_free`.
 *
 * Any thread. Errors: `ECA_STATUS_VALUE` for step or periods, `ECA_STATUS_TIME` for a start that is not on the grid of the
 * step, `ECA_STATUS_NULL_ARGUMENT`.
 *
 * Pointers:
 * `builder` is NULL or points to an `eca_builder *`.
 */
eca_status eca_builder_new(int64_t start_unix_s,
                           uint32_t step_min,
                           size_t periods,
                           eca_builder **builder);

/**
 * Validates what was collected and makes a problem of it. Free it with `eca_problem_free`.
 *
 * The builder stays as it is: change it and build again, or free it. Any thread.
 * Errors: the first value that is refused, with its object, limit and unit: `ECA_STATUS_VALUE` (NaN, infinite or out of
 * range), `_LENGTH`, `_UNKNOWN` (a battery or job that names a region which does not exist), `_UNSUPPORTED`,
 * `_CANNOT_FIT`, `_TIME`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `problem` is NULL or points to an `eca_problem *`.
 */
eca_status eca_builder_build(const eca_builder *builder,
                             eca_problem **problem);

/**
 * Frees a builder. NULL is allowed. Problems made with it stay.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_builder_free(eca_builder *builder);

/**
 * Adds a battery behind the connection of `region`: most charge and discharge at the grid terminals (MW), usable energy (MWh).
 *
 * It starts empty, without losses or wear, and free at the end. The region may be added later. Any thread.
 * Errors: `ECA_STATUS_DUPLICATE` for an id that is there already, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `battery` and `region` are NULL or end with NUL.
 */
eca_status eca_builder_add_battery(eca_builder *builder,
                                   const char *battery,
                                   const char *region,
                                   double power_capacity_mw,
                                   double energy_capacity_mwh);

/**
 * Sets a number of a battery: `power_capacity_mw`, `energy_capacity_mwh`, `charge_efficiency` and `discharge_efficiency`
 * (in (0, 1]), `wear_gbp_per_mwh`, `soc_mwh` (at the start), `soc_min_mwh` (reserve), `end_soc_min_mwh` (wanted at the end).
 *
 * Values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_UNKNOWN` for another battery or field,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `battery` and `field` are NULL or end with NUL.
 */
eca_status eca_builder_battery_set_number(eca_builder *builder,
                                          const char *battery,
                                          const char *field,
                                          double value);

/**
 * Adds a carbon cap over the whole horizon and all regions. `metric` is `kg`, `g_per_kwh` (carbon of imports over facility
 * energy) or `g_per_inference`; `limit` is in that unit. It is strict: the excess is made as small as it can be.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another metric, `ECA_STATUS_DUPLICATE` for an id that is there already,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `cap` and `metric` are NULL or end with NUL.
 */
eca_status eca_builder_add_carbon_cap(eca_builder *builder,
                                      const char *cap,
                                      const char *metric,
                                      double limit);

/**
 * Sets a number of a cap: `limit`, `price_gbp_per_kg` of a priced cap, `window.rolling_h` for every window of so many hours.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another cap or field, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `cap` and `field` are NULL or end with NUL.
 */
eca_status eca_builder_carbon_cap_set_number(eca_builder *builder,
                                             const char *cap,
                                             const char *field,
                                             double value);

/**
 * Sets a text of a cap: `kind` to `strict` or `priced`, `window` to `horizon` or `day` (London day), `metric`.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another cap, field or value, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `cap`, `field` and `value` are NULL or end with NUL.
 */
eca_status eca_builder_carbon_cap_set_text(eca_builder *builder,
                                           const char *cap,
                                           const char *field,
                                           const char *value);

/**
 * Limits a cap to `length` regions. They may be added later. The names are copied.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another cap, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `cap` is NULL or ends with NUL, `regions` is NULL or has `length` pointers, each NULL or to a text that ends with NUL.
 */
eca_status eca_builder_carbon_cap_set_regions(eca_builder *builder,
                                              const char *cap,
                                              const char *const *regions,
                                              size_t length);

/**
 * Adds an opportunity, JSON as it stands in a problem document (docs/format/problem.md): what a buyer offers to pay for. A plan
 * takes it where that pays, and `eca_problem_accept` makes commitments of what is taken.
 *
 * Its values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `opportunity_json` is NULL or ends with NUL.
 */
eca_status eca_builder_add_opportunity(eca_builder *builder,
                                       const char *opportunity_json);

/**
 * Adds a commitment, JSON as it stands in a problem document (docs/format/problem.md): what is sold.
 *
 * Its values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `commitment_json` is NULL or ends with NUL.
 */
eca_status eca_builder_add_commitment(eca_builder *builder,
                                      const char *commitment_json);

/**
 * Adds a power target, JSON as it stands in a problem document (docs/format/problem.md), such as
 * `{"id": "congestion", "region": "london", "power_mw": [null, 6.3], "response_s": 30, "ramp_mw_per_min": 12}`.
 *
 * Its values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `target_json` is NULL or ends with NUL.
 */
eca_status eca_builder_add_target(eca_builder *builder,
                                  const char *target_json);

/**
 * Adds a batch job of so many inferences. Give it at least one operating point with `eca_builder_job_add_point`.
 *
 * It may run in every region from the start to the end of the horizon, and does not pause. Any thread.
 * Errors: `ECA_STATUS_DUPLICATE` for an id that is there already, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job` is NULL or ends with NUL.
 */
eca_status eca_builder_add_job(eca_builder *builder,
                               const char *job,
                               double inferences);

/**
 * Adds a batch job of so many GPU hours, such as a training run; else as `eca_builder_add_job`.
 *
 * Pointers:
 * `job` is NULL or ends with NUL.
 */
eca_status eca_builder_add_gpu_job(eca_builder *builder, const char *job, double gpu_hours);

/**
 * Adds an operating point (power-cap level) to a job: its IT power (MW), and the inferences or, for a job of GPU hours,
 * the GPU hours that it does in an hour. Points are numbered from 0 in the order in which they are added.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job` is NULL or ends with NUL.
 */
eca_status eca_builder_job_add_point(eca_builder *builder,
                                     const char *job,
                                     double power_mw,
                                     double work_per_h);

/**
 * Sets a number of a job.
 *
 * `count` of identical jobs, `undone_penalty_gbp`, `preemptible` (0 or 1), `divisible` (0 or 1), `min_run_periods`,
 * `max_pauses`, `startup_cost_gbp`, `pause_cost_gbp`, `pause_energy_mwh`, `tier`; `migration.cost_gbp`,
 * `migration.periods`, `migration.energy_mwh` (any of them allows moves); `run_when.carbon_below_g_per_kwh` or
 * `run_when.renewable_share_min` (0..1); `state.point`, `state.done_inferences`, `state.done_gpu_hours`,
 * `state.can_stop` (0 or 1), `state.pauses` (after `eca_builder_job_set_state`).
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job or field, `ECA_STATUS_VALUE` for a count that is not whole or
 * a flag that is not 0 or 1, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job` and `field` are NULL or end with NUL.
 */
eca_status eca_builder_job_set_number(eca_builder *builder,
                                      const char *job,
                                      const char *field,
                                      double value);

/**
 * Sets an instant of a job, seconds since 1970-01-01T00:00:00Z: `earliest_start`, `deadline`, `state.running_since`.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job or field, `ECA_STATUS_TIME` outside the years 1900 to 2199,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job` and `field` are NULL or end with NUL.
 */
eca_status eca_builder_job_set_time(eca_builder *builder,
                                    const char *job,
                                    const char *field,
                                    int64_t unix_s);

/**
 * Sets a text of a job: `deadline_kind` to `hard` or `priced`; the instants of `eca_builder_job_set_time` in RFC 3339.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, field or kind, `ECA_STATUS_TIME` for a text without an offset,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job`, `field` and `value` are NULL or end with NUL.
 */
eca_status eca_builder_job_set_text(eca_builder *builder,
                                    const char *job,
                                    const char *field,
                                    const char *value);

/**
 * Limits a job to `length` regions. They may be added later. The names are copied.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job` is NULL or ends with NUL, `regions` is NULL or has `length` pointers, each NULL or to a text that ends with NUL.
 */
eca_status eca_builder_job_set_regions(eca_builder *builder,
                                       const char *job,
                                       const char *const *regions,
                                       size_t length);

/**
 * Says that a job has started before the horizon: it runs, or has its checkpoint, in `region`.
 *
 * It is then paused, with nothing done, and may be stopped; set the `state.` fields to say otherwise. Any thread.
 * Errors: `ECA_STATUS_UNKNOWN` for another job, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job` and `region` are NULL or end with NUL.
 */
eca_status eca_builder_job_set_state(eca_builder *builder,
                                     const char *job,
                                     const char *region);

/**
 * Adds a region: a site with so much IT capacity (MW) behind a connection with this firm import limit (MW).
 *
 * Everything else starts at zero, `pue_slope` at 1. Set at least `import_price_gbp_per_mwh` and `carbon_g_per_kwh` with
 * `eca_builder_region_set_series`. Any thread. Errors: `ECA_STATUS_DUPLICATE` for an id that is there already,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `region` is NULL or ends with NUL.
 */
eca_status eca_builder_add_region(eca_builder *builder,
                                  const char *region,
                                  double it_capacity_mw,
                                  double import_limit_mw);

/**
 * Sets a series of a region: one value for all periods (`length` 1) or one for each. The values are copied.
 *
 * Fields: `it_capacity_mw`, `overhead_mw`, `pue_slope`, `import_limit_mw`, `nonfirm_import_mw`, `export_limit_mw`,
 * `import_price_gbp_per_mwh`, `export_price_gbp_per_mwh`, `network_charge_gbp_per_mwh`, `congestion_gbp_per_mwh`,
 * `congestion_limit_mw`, `carbon_g_per_kwh`, `marginal_carbon_g_per_kwh`, `renewable_share_frac`, `solar_mw`.
 *
 * Values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_UNKNOWN` for another region or field,
 * `ECA_STATUS_LENGTH`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `region` and `field` are NULL or end with NUL, `values` is NULL or has `length` values.
 */
eca_status eca_builder_region_set_series(eca_builder *builder,
                                         const char *region,
                                         const char *field,
                                         const double *values,
                                         size_t length);

/**
 * Sets a number of a region: `demand_charge_gbp_per_mw`, the price of the highest import of the horizon, GBP per MW, or
 * `p511_export_max_mw`, the largest half-hourly export up to which the metering point may trade wholesale, MW.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another region or field, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `region` and `field` are NULL or end with NUL.
 */
eca_status eca_builder_region_set_number(eca_builder *builder,
                                         const char *region,
                                         const char *field,
                                         double value);

/**
 * Sets a text of a region: `gsp_group`, its GSP group such as `_C` (London), for records only.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another region or field, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `region`, `field` and `value` are NULL or end with NUL.
 */
eca_status eca_builder_region_set_text(eca_builder *builder,
                                       const char *region,
                                       const char *field,
                                       const char *value);

/**
 * Adds an online service with the inferences asked for: one value for all periods (`length` 1) or one for each. Give it
 * at least one operating point with `eca_builder_service_add_point`.
 *
 * The values are copied and judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DUPLICATE` for an id that is
 * there already, `ECA_STATUS_LENGTH`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `service` is NULL or ends with NUL, `demand_inferences` is NULL or has `length` values.
 */
eca_status eca_builder_add_service(eca_builder *builder,
                                   const char *service,
                                   const double *demand_inferences,
                                   size_t length);

/**
 * Adds an operating point to a service: IT energy of one inference (Wh) and its latency without the network (ms).
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another service, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `service` is NULL or ends with NUL.
 */
eca_status eca_builder_service_add_point(eca_builder *builder,
                                         const char *service,
                                         double wh_per_inference,
                                         double latency_ms);

/**
 * Sets a number of a service: `latency_limit_ms`, `routing_cost_gbp_per_million` (the same for every region),
 * `shed_penalty_gbp_per_million`.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another service or field, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `service` and `field` are NULL or end with NUL.
 */
eca_status eca_builder_service_set_number(eca_builder *builder,
                                          const char *service,
                                          const char *field,
                                          double value);

/**
 * Sets a number of a service for one region: `network_latency_ms` (regions without one can then not serve it) or
 * `routing_cost_gbp_per_million` (regions without one then cost nothing). The region may be added later.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another service or field, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `service`, `region` and `field` are NULL or end with NUL.
 */
eca_status eca_builder_service_set_region_number(eca_builder *builder,
                                                 const char *service,
                                                 const char *region,
                                                 const char *field,
                                                 double value);

/**
 * Makes a cancellation token for one solve, or for several that are stopped together. Free it with `eca_cancel_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
 *
 * Pointers:
 * `cancel` is NULL or points to an `eca_cancel *`.
 */
eca_status eca_cancel_new(eca_cancel **cancel);

/**
 * Asks the solves that use this token to stop; they return the best plan so far, or `ECA_STATUS_CANCELLED`.
 *
 * It cannot be taken back: a later solve needs a new token. Any thread, but not a signal handler.
 * Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 */
eca_status eca_cancel_request(const eca_cancel *cancel);

/**
 * Gives 1 if a stop was asked for, else 0.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `requested` is NULL or points to an `int32_t`.
 */
eca_status eca_cancel_requested(const eca_cancel *cancel, int32_t *requested);

/**
 * Frees a token. NULL is allowed. A solve that uses it runs on.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_cancel_free(eca_cancel *cancel);

/**
 * Looks for limits that cannot be kept together, and for repairs. `conflict` becomes NULL where a plan that keeps every
 * limit was found, else a handle: free it with `eca_conflict_free`.
 *
 * Limits are IT capacity, import limits, carbon caps (priced ones too) and deadlines (hard and priced). A problem that
 * `eca_problem_solve` can only solve with broken limits has such a conflict, or a limit that does not pay. The call blocks.
 *
 * Any thread. Errors: `ECA_STATUS_INFEASIBLE` where the limits cannot be kept whatever gives way, `ECA_STATUS_SOLVER`,
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `conflict` is NULL or points to an `eca_conflict *`.
 */
eca_status eca_problem_conflict(const eca_problem *problem,
                                eca_conflict **conflict);

/**
 * Gives a conflict as one line of JSON: `proved`, `limits`, `repairs` and `text`; docs/format/explanation.md describes it.
 * Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_conflict_to_json(const eca_conflict *conflict,
                                char **json);

/**
 * Gives one sentence for people: the limits, and what would mend it. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `line` is NULL or points to a `char *`.
 */
eca_status eca_conflict_to_text(const eca_conflict *conflict,
                                char **line);

/**
 * Gives 1 if it is proved that no plan keeps all limits, 0 if none was found.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `proved` is NULL or points to an `int32_t`.
 */
eca_status eca_conflict_proved(const eca_conflict *conflict, int32_t *proved);

/**
 * Gives the number of repairs; number 0 changes least.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `count` is NULL or points to a `size_t`.
 */
eca_status eca_conflict_repair_count(const eca_conflict *conflict, size_t *count);

/**
 * Gives the problem with the changes of a repair. Free it with `eca_problem_free`.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for a number that no repair has, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `repaired` is NULL or points to an `eca_problem *`.
 */
eca_status eca_conflict_repaired(const eca_conflict *conflict,
                                 size_t number,
                                 eca_problem **repaired);

/**
 * Gives the plan that proves a repair: it keeps every limit of the repaired problem. A solve may find a cheaper one. Free
 * it with `eca_plan_free`.
 *
 * Any thread. Errors are those of `eca_conflict_repaired`.
 *
 * Pointers:
 * `plan` is NULL or points to an `eca_plan *`.
 */
eca_status eca_conflict_plan(const eca_conflict *conflict,
                             size_t number,
                             eca_plan **plan);

/**
 * Gives the least carbon with which every promise can be kept, as one line of JSON: `carbon_kg`, `carbon_bound_kg`,
 * `energy_mwh`, `carbon_g_per_kwh`, `carbon_g_per_inference`, `keeps_promises`; docs/format/explanation.md describes it.
 * Free it with `eca_string_free`.
 *
 * `settings` may be NULL: defaults. Carbon caps do not count, whatever the price; all other limits hold. Any thread; the
 * call blocks. Errors: `ECA_STATUS_SOLVER`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_problem_lowest_carbon(const eca_problem *problem,
                                     const eca_settings *settings,
                                     char **json);

/**
 * Frees a conflict. NULL is allowed. Problems and plans that came from it stay.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_conflict_free(eca_conflict *conflict);

/**
 * The message of the last call on this thread that failed; empty where none has failed yet.
 *
 * It names the object, the value, the limit and the unit. A call that succeeds leaves it alone, so handles may be
 * freed before it is read. Never NULL. Valid until the next failure on this thread: copy it to keep it, never free it.
 */
const char *eca_last_error(void);

/**
 * The last failure on this thread as JSON: `{"status", "kind", "function", "message"}`; empty where none has failed yet.
 *
 * Lifetime and thread rules are those of `eca_last_error`.
 */
const char *eca_last_error_json(void);

/**
 * Gives the number of handles and strings that are not freed yet. A program that frees all of them ends at 0.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
 *
 * Pointers:
 * `count` is NULL or points to a `size_t`.
 */
eca_status eca_live_count(size_t *count);

/**
 * Judges an adapter: gives a JSON list of `{"rule", "seen"}`, empty where nothing is wrong. Free it with `eca_string_free`.
 *
 * `like` says what it is: `{"battery": {...}}` with the battery of a problem document, half full;
 * `{"cluster": {"job": "train", "region": "london"}}` with a preemptible job that has not started; `{"meter": {}}`;
 * `{"signals": {"region": "london", "column": "import_price_gbp_per_mwh", "hours": 24}}`. `stage` lets time pass; NULL for
 * an adapter that lives in the time of its requests, which then begins in March 2026.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * `adapter` and `stage` are NULL or their functions can be called, `like` is NULL or ends with NUL, `findings` is NULL or
 * points to a `char *`.
 */
eca_status eca_adapter_conformance(const eca_adapter *adapter,
                                   const char *like,
                                   const eca_stage *stage,
                                   char **findings);

/**
 * Makes a loop for a site, a problem document: signals, plan, check, commands, readings, again and again. Add adapters, then
 * call `eca_loop_tick` every minute. Free it with `eca_loop_free`.
 *
 * `settings_json` is such as `{"shadow": false, "view_periods": 48, "max_reading_age_s": 120, "controller": {...}}`, where
 * `controller` is that of `eca_controller_new`; NULL for the defaults. In shadow mode, the default, nothing is told to
 * anybody.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `live` is NULL or points to an `eca_loop *`.
 */
eca_status eca_loop_new(const char *document,
                        const char *settings_json,
                        eca_loop **live);

/**
 * Adds a cluster: its `read` gives the jobs under control.
 *
 * Any thread, before the first turn. Errors: `ECA_STATUS_INVALID_HANDLE`, also for a loop that has begun,
 * `ECA_STATUS_DOCUMENT` for a table of another size, `ECA_STATUS_NULL_ARGUMENT`.
 *
 * Pointers:
 * `adapter` is NULL or points to an `eca_adapter`; its functions and data can be used until the loop is freed.
 */
eca_status eca_loop_add_cluster(eca_loop *live,
                                const eca_adapter *adapter);

/**
 * Sets the device of a battery of the site. A battery without one is not used; nor is a device of another name.
 *
 * Any thread, before the first turn. Errors are those of `eca_loop_add_cluster`, and `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * As `eca_loop_add_cluster`; `battery` is NULL or ends with NUL.
 */
eca_status eca_loop_add_battery(eca_loop *live,
                                const char *battery,
                                const eca_adapter *adapter);

/**
 * Sets the meter of a region of the site.
 *
 * Any thread, before the first turn. Errors are those of `eca_loop_add_battery`.
 *
 * Pointers:
 * As `eca_loop_add_cluster`; `region` is NULL or ends with NUL.
 */
eca_status eca_loop_add_meter(eca_loop *live, const char *region, const eca_adapter *adapter);

/**
 * Adds a source of prices and carbon: its `read` gives a series file and when it was retrieved. The first one that answers
 * counts.
 *
 * Any thread, before the first turn. Errors are those of `eca_loop_add_cluster`.
 *
 * Pointers:
 * As `eca_loop_add_cluster`.
 */
eca_status eca_loop_add_signals(eca_loop *live,
                                const eca_adapter *adapter);

/**
 * Takes a turn, and gives what happened in it as JSON: readings, the plan of a new period, commands and their answers,
 * problems. Free it with `eca_string_free`. Call it every minute.
 *
 * It calls the adapters. A turn does not fail: what goes wrong stands in `problems`, and the answer is the safe one.
 *
 * Any thread, one turn at a time. Errors: `ECA_STATUS_TIME`, `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_NULL_ARGUMENT`.
 *
 * Pointers:
 * `tick` is NULL or points to a `char *`; the adapters can be called.
 */
eca_status eca_loop_tick(eca_loop *live,
                         int64_t now_unix_s,
                         char **tick);

/**
 * Gives the ledger of shadow mode as JSON: what the site paid and emitted, and what ECA would have. Free it with
 * `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_NULL_ARGUMENT`, and those of the first `eca_loop_tick`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_loop_ledger(eca_loop *live,
                           char **json);

/**
 * Frees a loop; no adapter is called after it. NULL is allowed.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * Any value may be given.
 */
eca_status eca_loop_free(eca_loop *live);

/**
 * Gives what a meter would have shown in some periods, by one of seven methods, with the days used and left out, as JSON. Free it
 * with `eca_string_free`.
 *
 * `request_json` is such as `{"meter_id": "hall", "periods": [{"settlement_date": "2026-02-19", "settlement_period": 35}],
 * "baseline": {"method": "bl01"}}`; `baseline` is that of an event document. `meters` is a meter file, CSV or JSON. `as_of` leaves
 * out readings that arrived later; NULL takes all.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT`, `_PARSE` with the line of the file, `_VALUE`, `_UNKNOWN`, `_TIME`, `_GAP` for a
 * baseline without enough days; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `baseline` is NULL or points to a `char *`.
 */
eca_status eca_baseline(const char *request_json,
                        const char *meters,
                        const char *as_of,
                        char **baseline);

/**
 * Gives the submissions that an event (`eca-event/1`) needs at an instant, the first deadline first, as a JSON array: `flow`,
 * `due`, `volume_mwh`, `status`, `needed`, and `standing`, which is `in_force`, `waiting`, `open` or `missed`. Free it with
 * `eca_string_free`. `now` is such as `2026-02-19T12:00:00Z`.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT`, `_VALUE`, `_TIME`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `submissions` is NULL or points to a `char *`.
 */
eca_status eca_event_submissions(const char *event_json,
                                 const char *now,
                                 char **submissions);

/**
 * Gives the SHA-256 of the RFC 8785 bytes of a record (`eca-event-record/1`) in 64 hexadecimal digits. Free it with
 * `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * `record_json` is NULL or ends with NUL, `hash` is NULL or points to a `char *`.
 */
eca_status eca_event_record_hash(const char *record_json,
                                 char **hash);

/**
 * Shares contributions to the Social Tariff Fund out and gives the lines as a JSON array; they sum to zero to the unit. Free it
 * with `eca_string_free`.
 *
 * `contributions_json` is such as `[{"id": "evening", "amount_ugbp": 1000}]`, `beneficiaries_json` such as
 * `[{"id": "a", "weight": 1, "cap_ugbp": 350}]`, where the cap may be left out. `allocation` is `equal` or `by_weight`. Amounts are
 * whole µGBP; `carried_in_ugbp` is what the last settlement of the fund carried out.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT`, `ECA_STATUS_UNKNOWN` for another allocation, `ECA_STATUS_VALUE` for what is negative,
 * `ECA_STATUS_DUPLICATE`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `lines` is NULL or points to a `char *`.
 */
eca_status eca_fund_distribute(const char *contributions_json,
                               const char *beneficiaries_json,
                               const char *allocation,
                               int64_t carried_in_ugbp,
                               char **lines);

/**
 * Gives what is known of flexibility products as a JSON array: route, response, duration, least power, pay, pay factor, with the
 * day of which it is the state and how sure it is. Free it with `eca_string_free`. A contract's own numbers come first.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
 *
 * Pointers:
 * `products` is NULL or points to a `char *`.
 */
eca_status eca_products_to_json(char **products);

/**
 * Prices flexibility: a request (`eca-offer-request/1`) goes in, the ladder (`eca-offers/1`) comes out, both JSON;
 * docs/format/offers.md describes them. Free it with `eca_string_free`. `settings` may be NULL. The call blocks.
 *
 * A rung without a price is a success: `refused` says why it is not offered.
 *
 * Any thread. Errors: as `eca_problem_solve`; `ECA_STATUS_DOCUMENT`, `_VALUE`, `_UNKNOWN`, `_UNSUPPORTED` for a request
 * that is none; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `request_json` is NULL or ends with NUL, `offers_json` is NULL or points to a `char *`.
 */
eca_status eca_problem_offers(const eca_problem *problem,
                              const eca_settings *settings,
                              const char *request_json,
                              char **offers_json);

/**
 * Gives the most energy that can be delivered of an offer, MWh by its settlement periods, as a JSON array of numbers. The
 * offer is JSON of a commitment, as it stands in a problem document. Free it with `eca_string_free`. `settings` may be NULL.
 * The call blocks.
 *
 * Promises to users, hard deadlines, strict carbon caps and all commitments of the problem are kept as far as the plan without
 * the offer keeps them.
 *
 * Any thread. Errors: as `eca_problem_offers`.
 *
 * Pointers:
 * `offer_json` is NULL or ends with NUL, `deliverable_mwh` is NULL or points to a `char *`.
 */
eca_status eca_problem_check_offer(const eca_problem *problem,
                                   const eca_settings *settings,
                                   const char *offer_json,
                                   char **deliverable_mwh);

/**
 * Reads a plan document (`eca-plan/1`) that ends with NUL. Free it with `eca_plan_free`.
 *
 * Its form is checked; whether it is right is what `eca_plan_check` says. The text is copied. Any thread.
 * Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * `json` is NULL or ends with NUL, `plan` is NULL or points to an `eca_plan *`.
 */
eca_status eca_plan_from_json(const char *json,
                              eca_plan **plan);

/**
 * `eca_plan_from_json` for a text of `length` bytes without a NUL behind it.
 *
 * Pointers:
 * `json` is NULL or has `length` bytes, `plan` is NULL or points to an `eca_plan *`.
 */
eca_status eca_plan_from_json_n(const char *json, size_t length, eca_plan **plan);

/**
 * Gives the document of a plan as one line of JSON, the same bytes for the same plan. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_plan_to_json(const eca_plan *plan,
                            char **json);

/**
 * Gives engine, solver, sizes and timings of the solve that made the plan, as JSON. They differ between runs and
 * machines, so they are not in the plan document. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_UNSUPPORTED` for a plan that was read from JSON, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_plan_report_json(const eca_plan *plan,
                                char **json);

/**
 * Recomputes every limit, cost and gram of a plan from its problem, independently of the solver.
 *
 * `passed` becomes 1 if nothing is wrong, else 0; `report` becomes JSON with `passed`, the `findings` (rule, object,
 * period, message) and the recomputed `totals`: free it with `eca_string_free`. Either may be NULL. Without `passed`, a
 * plan that fails gives `ECA_STATUS_CHECK_FAILED` and the first finding as message, so that no result is overlooked.
 *
 * Any thread. Errors: `ECA_STATUS_CHECK_FAILED`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `passed` is NULL or points to an `int32_t`, `report` is NULL or points to a `char *`.
 */
eca_status eca_plan_check(const eca_plan *plan,
                          const eca_problem *problem,
                          int32_t *passed,
                          char **report);

/**
 * Says what binds in a plan and what everything is worth: marginal prices of energy, capacity, carbon, batteries and
 * jobs, to first order, with the schedules of the plan given.
 *
 * `json` becomes the document `eca-explanation/1`, `words` the same for people, a few lines: free both with
 * `eca_string_free`. `words` may be NULL. The call blocks while a linear program is solved; `problem` is the one of the
 * plan.
 *
 * Any thread. Errors: `ECA_STATUS_MISMATCH` for a plan that does not pass its check against `problem`,
 * `ECA_STATUS_SOLVER`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` and `words` are NULL or point to a `char *`.
 */
eca_status eca_plan_explain(const eca_plan *plan,
                            const eca_problem *problem,
                            char **json,
                            char **words);

/**
 * Gives the limits that the plan does not keep, as a JSON array of `{"rule", "object", "period", "amount", "unit",
 * "price_gbp"}`; `[]` where it keeps all. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_plan_broken_limits_json(const eca_plan *plan,
                                       char **json);

/**
 * Gives one line for people, such as `optimal plan: 812.44 GBP, 9.1 MWh, 712.0 kg CO2, gap 0.0000 %`. Free it with
 * `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `line` is NULL or points to a `char *`.
 */
eca_status eca_plan_to_text(const eca_plan *plan,
                            char **line);

/**
 * Frees a plan. NULL is allowed.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_plan_free(eca_plan *plan);

/**
 * Gives how good the plan is known to be: `ECA_OUTCOME_OPTIMAL`, `_WITHIN_GAP` or `_LIMIT`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `outcome` is NULL or points to an `int32_t`.
 */
eca_status eca_plan_outcome(const eca_plan *plan, int32_t *outcome);

/**
 * Gives the objective: money and penalties, GBP.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `objective_gbp` is NULL or points to a `double`.
 */
eca_status eca_plan_objective_gbp(const eca_plan *plan, double *objective_gbp);

/**
 * Gives the bound: no plan has a lower objective, GBP.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `bound_gbp` is NULL or points to a `double`.
 */
eca_status eca_plan_bound_gbp(const eca_plan *plan, double *bound_gbp);

/**
 * Gives the gap: `(objective - bound) / max(1, |objective|)`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `gap` is NULL or points to a `double`.
 */
eca_status eca_plan_gap(const eca_plan *plan, double *gap);

/**
 * Gives money spent less money earned over the horizon, GBP, without penalties.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `cost_gbp` is NULL or points to a `double`.
 */
eca_status eca_plan_cost_gbp(const eca_plan *plan, double *cost_gbp);

/**
 * Gives the location-based carbon of all imports over the horizon, kg.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `carbon_kg` is NULL or points to a `double`.
 */
eca_status eca_plan_carbon_kg(const eca_plan *plan, double *carbon_kg);

/**
 * Gives the number of limits that the plan does not keep; `eca_plan_broken_limits_json` lists them.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `count` is NULL or points to a `size_t`.
 */
eca_status eca_plan_broken_count(const eca_plan *plan, size_t *count);

/**
 * Gives a sum over the horizon by its path in the plan document.
 *
 * `totals.` is the plan, `references.run_at_once.` and `references.cheapest_start.` are simple policies on the same
 * problem; behind it stands `cost_gbp`, `penalty_gbp`, `energy_mwh`, `carbon_kg`, `inferences`, `cost_gbp_per_inference` or
 * `carbon_g_per_inference` (NaN without inferences; all of the references are NaN where they were not asked for). An example is `references.run_at_once.cost_gbp`.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another path, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `path` is NULL or ends with NUL, `value` is NULL or points to a `double`.
 */
eca_status eca_plan_number(const eca_plan *plan,
                           const char *path,
                           double *value);

/**
 * Gives the number of periods: the length of every series of the plan.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_MISMATCH` for a plan without regions.
 *
 * Pointers:
 * `periods` is NULL or points to a `size_t`.
 */
eca_status eca_plan_periods(const eca_plan *plan,
                            size_t *periods);

/**
 * Gives the number of regions of a plan.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `count` is NULL or points to a `size_t`.
 */
eca_status eca_plan_region_count(const eca_plan *plan, size_t *count);

/**
 * Gives the id of the region with this number, from 0 in the order of the problem. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another number, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `region` is NULL or points to a `char *`.
 */
eca_status eca_plan_region_id(const eca_plan *plan,
                              size_t number,
                              char **region);

/**
 * Copies a series of a region, MW: `it_mw`, `facility_mw`, `import_mw`, `export_mw` or `solar_used_mw`.
 *
 * `buffer` has room for `length` values; `written` becomes the number of values and may be NULL. Any thread.
 * Errors: `ECA_STATUS_LENGTH` for a buffer that is too small (see `eca_plan_periods`), `ECA_STATUS_UNKNOWN` for another
 * region or field, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `region` and `field` are NULL or end with NUL, `buffer` is NULL or has room for `length` values, `written` is NULL or
 * points to a `size_t`.
 */
eca_status eca_plan_region_series(const eca_plan *plan,
                                  const char *region_id,
                                  const char *field,
                                  double *buffer,
                                  size_t length,
                                  size_t *written);

/**
 * Copies a series of a battery: `charge_mw` and `discharge_mw` at the grid terminals, or `soc_mwh`, the stored energy at
 * the end of each period. Buffer, threads and errors are those of `eca_plan_region_series`.
 *
 * Pointers:
 * As `eca_plan_region_series`.
 */
eca_status eca_plan_battery_series(const eca_plan *plan,
                                   const char *battery_id,
                                   const char *field,
                                   double *buffer,
                                   size_t length,
                                   size_t *written);

/**
 * Copies a series of a job: `power_mw` (IT power, energy of pauses and moves included) or `inferences` done.
 *
 * `copy` is the number among `count` identical jobs, from 0. Buffer, threads and errors are those of
 * `eca_plan_region_series`.
 *
 * Pointers:
 * As `eca_plan_region_series`.
 */
eca_status eca_plan_job_series(const eca_plan *plan,
                               const char *job_id,
                               uint32_t job_copy,
                               const char *field,
                               double *buffer,
                               size_t length,
                               size_t *written);

/**
 * Copies the operating point of a job in each period, -1 where it is idle or moving. A divisible job has shares of
 * points instead, which only the plan document has: it is -1 throughout.
 *
 * Copy, buffer, threads and errors are those of `eca_plan_job_series`.
 *
 * Pointers:
 * As `eca_plan_region_series`.
 */
eca_status eca_plan_job_points(const eca_plan *plan,
                               const char *job_id,
                               uint32_t job_copy,
                               int32_t *buffer,
                               size_t length,
                               size_t *written);

/**
 * Copies the number of the region in which a job works in each period (`eca_plan_region_id` names it), -1 where it is
 * idle or moving, and throughout for a divisible job.
 *
 * Copy, buffer, threads and errors are those of `eca_plan_job_series`.
 *
 * Pointers:
 * As `eca_plan_region_series`.
 */
eca_status eca_plan_job_regions(const eca_plan *plan,
                                const char *job_id,
                                uint32_t job_copy,
                                int32_t *buffer,
                                size_t length,
                                size_t *written);

/**
 * Gives a number of a job: `finished_unix_s`, when its work is done, seconds since 1970-01-01T00:00:00Z (NaN where some is
 * left); `pauses`; `migrations`; `undone_frac`, the part of its work left at the end, 0..1.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, copy or field, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `job_id` and `field` are NULL or end with NUL, `value` is NULL or points to a `double`.
 */
eca_status eca_plan_job_number(const eca_plan *plan,
                               const char *job_id,
                               uint32_t job_copy,
                               const char *field,
                               double *value);

/**
 * Copies the inferences of a service that `region_id` serves in each period, or, where `region_id` is NULL, those that
 * are shed. Buffer, threads and errors are those of `eca_plan_region_series`.
 *
 * Pointers:
 * As `eca_plan_region_series`; `service_id` is NULL or ends with NUL.
 */
eca_status eca_plan_service_inferences(const eca_plan *plan,
                                       const char *service_id,
                                       const char *region_id,
                                       double *buffer,
                                       size_t length,
                                       size_t *written);

/**
 * Reads and validates a problem document (`eca-problem/1`) that ends with NUL. Free it with `eca_problem_free`.
 *
 * The text is copied. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is not of the expected form, or
 * the first value that is refused: `ECA_STATUS_VALUE`, `_LENGTH`, `_DUPLICATE`, `_UNKNOWN`, `_UNSUPPORTED`,
 * `_CANNOT_FIT`, `_TIME`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * `json` is NULL or ends with NUL, `problem` is NULL or points to an `eca_problem *`.
 */
eca_status eca_problem_from_json(const char *json,
                                 eca_problem **problem);

/**
 * `eca_problem_from_json` for a text of `length` bytes without a NUL behind it.
 *
 * Pointers:
 * `json` is NULL or has `length` bytes, `problem` is NULL or points to an `eca_problem *`.
 */
eca_status eca_problem_from_json_n(const char *json, size_t length, eca_problem **problem);

/**
 * Gives the document of a problem as one line of JSON. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_problem_to_json(const eca_problem *problem, char **json);

/**
 * Gives the SHA-256 of a problem in 64 hexadecimal digits, which plans and records cite. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `hash` is NULL or points to a `char *`.
 */
eca_status eca_problem_hash(const eca_problem *problem,
                            char **hash);

/**
 * Gives the values that are allowed but look wrong, such as kW where MW is meant, as a JSON array of
 * `{"object", "field", "message"}`; `[]` where there are none. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_problem_warnings_json(const eca_problem *problem,
                                     char **json);

/**
 * Gives the number of periods of the horizon: the length of every series of the problem and its plans.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `periods` is NULL or points to a `size_t`.
 */
eca_status eca_problem_periods(const eca_problem *problem,
                               size_t *periods);

/**
 * Frees a problem. NULL is allowed. Plans made from it stay as they are; a solve of it that runs is not disturbed.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_problem_free(eca_problem *problem);

/**
 * Makes a controller that has sent nothing yet. Free it with `eca_controller_free`.
 *
 * `settings_json` is an object with any of `engine`, `solver`, `gap`, `time_limit_s`, `node_limit`, `seed`, `references`;
 * `committed_periods`, how many periods beyond the first are sent out ahead and stay as they are (0); `shadow`, true if
 * steps only propose (false); `risk`, `"expected"` (the default), `{"quantile": {"level": 0.9}}` or
 * `{"budget": {"periods": 4, "width": 1.0, "rounds": 8}}`. NULL is `{}`.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT` for what is not of that form, `ECA_STATUS_UNKNOWN` for an engine or solver that
 * does not exist, `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * `settings_json` is NULL or ends with NUL, `controller` is NULL or points to an `eca_controller *`.
 */
eca_status eca_controller_new(const char *settings_json,
                              eca_controller **controller);

/**
 * Plans and says what to do at `now_unix_s`, seconds since 1970-01-01T00:00:00Z. Free the step with `eca_step_free`.
 *
 * `document` is a problem document (`eca-problem/1`) that need not be a valid problem: its horizon starts with the current
 * period, jobs and batteries are in the state observed at that start, series are forecasts, deadlines may lie beyond the
 * horizon and jobs may be late. `uncertainty` is an object with standard deviations of the forecasts,
 * `import_price_sd_gbp_per_mwh`, `carbon_sd_g_per_kwh` by region, `demand_sd_inferences` by service; it may be NULL, as
 * `cancel` may.
 *
 * What was sent by earlier steps stays, and is repeated with the same keys. There is always an answer: `eca_step_source`
 * says how good it is. The call blocks; steps of one controller wait for each other.
 *
 * Any thread. Errors: `ECA_STATUS_TIME` for a horizon whose first period is over or that goes back in time,
 * `ECA_STATUS_DOCUMENT`, `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `document` and `uncertainty` are NULL or end with NUL, `step` is NULL or points to an `eca_step *`.
 */
eca_status eca_controller_step(const eca_controller *controller,
                               int64_t now_unix_s,
                               const char *document,
                               const char *uncertainty,
                               const eca_cancel *cancel,
                               eca_step **step);

/**
 * Frees a controller. NULL is allowed. Its steps stay.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_controller_free(eca_controller *controller);

/**
 * Makes a shadow: a controller that is asked and not followed. Free it with `eca_shadow_free`.
 *
 * `settings_json` is that of `eca_controller_new`; steps only propose, whatever it says of `shadow`.
 *
 * Any thread. Errors are those of `eca_controller_new`.
 *
 * Pointers:
 * `settings_json` is NULL or ends with NUL, `shadow` is NULL or points to an `eca_shadow *`.
 */
eca_status eca_shadow_new(const char *settings_json,
                          eca_shadow **shadow);

/**
 * Plans as the controller would for a site that had followed it so far. Free the step with `eca_step_free`.
 *
 * `now_unix_s` and `document` are those of `eca_controller_step`. Jobs are taken over in the state in which they are first
 * seen, batteries once; after that they are followed on paper.
 *
 * Any thread. Errors are those of `eca_controller_step`, and `ECA_STATUS_TIME` if the period before was not closed.
 *
 * Pointers:
 * `document` is NULL or ends with NUL, `step` is NULL or points to an `eca_step *`.
 */
eca_status eca_shadow_step(const eca_shadow *shadow,
                           int64_t now_unix_s,
                           const char *document,
                           eca_step **step);

/**
 * Books the period of the last step for `eca`, for `run_at_once` (every job as soon as it may, batteries at rest), and for
 * the `site` as it was metered.
 *
 * `actual` is a problem document of that one period with what really were its prices, carbon, weather and demand; its jobs
 * and batteries are not read. `import_mwh` has what each of the `length` regions imported; one that is not named imported
 * nothing.
 *
 * Any thread. Errors: `ECA_STATUS_TIME` for another period, `ECA_STATUS_UNKNOWN` for a region that `actual` does not have,
 * `ECA_STATUS_VALUE` for an import that is not a number of at least 0, those of `eca_problem_from_json`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `actual` is NULL or ends with NUL; `regions` is NULL or has `length` pointers, each NULL or to a text that ends with NUL;
 * `import_mwh` is NULL or has `length` values.
 */
eca_status eca_shadow_close(const eca_shadow *shadow,
                            const char *actual,
                            const char *const *regions,
                            const double *import_mwh,
                            size_t length);

/**
 * Gives a sum of the ledger: `eca.`, `run_at_once.` or `site.`, and behind it `cost_gbp`, `import_kwh`, `export_kwh`,
 * `carbon_kg`, `inferences`, `shed_inferences`, `overload_kwh`, `revenue_gbp`,
 * `shortfall_kwh`, `shortfall_gbp` or `periods`; 0 before the first period is closed.
 *
 * What was saved is a difference: `site.cost_gbp` less `eca.cost_gbp`. Any thread. Errors: `ECA_STATUS_UNKNOWN` for another
 * path, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `path` is NULL or ends with NUL, `value` is NULL or points to a `double`.
 */
eca_status eca_shadow_number(const eca_shadow *shadow,
                             const char *path,
                             double *value);

/**
 * Gives the ledger as JSON: `entries` by name with their sums and highest imports. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_shadow_ledger_json(const eca_shadow *shadow,
                                  char **json);

/**
 * Frees a shadow. NULL is allowed. Its steps stay.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_shadow_free(eca_shadow *shadow);

/**
 * Gives where the answer of a step comes from, `ECA_SOURCE_OPTIMAL` to `ECA_SOURCE_SAFE`, the best first.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `source` is NULL or points to an `int32_t`.
 */
eca_status eca_step_source(const eca_step *step,
                           int32_t *source);

/**
 * Gives what is to be done in the committed periods as a JSON array; `[]` in shadow mode. Free it with `eca_string_free`.
 *
 * An action has an `id`, the same for the same command however often it is sent: carry it out once; a `generation`, of
 * which the highest holds; `target`, `command`, and `not_before` and `expires`, between which it may be carried out.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_step_actions_json(const eca_step *step,
                                 char **json);

/**
 * Gives a step as one line of JSON: `generation`, `source`, `reason`, `actions`, `proposed` (the same in shadow mode too),
 * `late` jobs, `plan` and `protection`. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `json` is NULL or points to a `char *`.
 */
eca_status eca_step_to_json(const eca_step *step,
                            char **json);

/**
 * Gives the plan of the periods that were not committed before, NULL where nothing was planned. Free it with
 * `eca_plan_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `plan` is NULL or points to an `eca_plan *`.
 */
eca_status eca_step_plan(const eca_step *step,
                         eca_plan **plan);

/**
 * Gives the problem of that plan, NULL where there is none: `eca_plan_check` and `eca_plan_explain` take both. Free it
 * with `eca_problem_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `problem` is NULL or points to an `eca_problem *`.
 */
eca_status eca_step_problem(const eca_step *step,
                            eca_problem **problem);

/**
 * Frees a step. NULL is allowed. Plans and problems that came from it stay.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
 */
eca_status eca_step_free(eca_step *step);

/**
 * Gives the problem after what a plan takes of its opportunities is sold: commitments take their place, and nothing more is on
 * offer. Free it with `eca_problem_free`. `problem` is the one of the plan and stays as it is.
 *
 * Any thread. Errors: `ECA_STATUS_MISMATCH` for a plan of another problem or one that fails its check;
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `accepted` is NULL or points to an `eca_problem *`.
 */
eca_status eca_problem_accept(const eca_problem *problem,
                              const eca_plan *plan,
                              eca_problem **accepted);

/**
 * Gives the problem with one commitment more, JSON as it stands in a problem document: what is sold, no ladder made of it sells
 * again. Free it with `eca_problem_free`. `problem` stays as it is.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_DUPLICATE` for a name that is there
 * already, `ECA_STATUS_VALUE`, `_UNKNOWN`, `_LENGTH`, `_UNSUPPORTED`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
 * `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `commitment_json` is NULL or ends with NUL, `sold` is NULL or points to an `eca_problem *`.
 */
eca_status eca_problem_add_commitment(const eca_problem *problem,
                                      const char *commitment_json,
                                      eca_problem **sold);

/**
 * Gives the commitment that a rung of a ladder (`eca-offers/1`) becomes when it is sold at its price, JSON as it stands in a problem
 * document. Free it with `eca_string_free`. Rungs count from 0.
 *
 * `penalty_json` says what a shortfall costs, such as `{"price_gbp_per_mwh": 180, "tolerance_frac": 0.05}`; NULL for a price above
 * any cost of energy.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for a number that no rung has, `ECA_STATUS_VALUE` for a rung that is not offered,
 * `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `commitment_json` is NULL or points to a `char *`.
 */
eca_status eca_offers_commitment(const char *offers_json,
                                 size_t rung,
                                 const char *id,
                                 const char *penalty_json,
                                 char **commitment_json);

/**
 * Gives a ladder (`eca-offers/1`) as one line for each rung, for people. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * `offers_json` is NULL or ends with NUL, `words` is NULL or points to a `char *`.
 */
eca_status eca_offers_to_text(const char *offers_json,
                              char **words);

/**
 * Makes settings with their defaults. Free them with `eca_settings_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
 *
 * Pointers:
 * `settings` is NULL or points to an `eca_settings *`.
 */
eca_status eca_settings_new(eca_settings **settings);

/**
 * Sets a number:
 * `gap`, stop when `(objective - bound) / max(1, |objective|)` is at most this (1e-4);
 * `time_limit_s`, stop after so many seconds with the best plan so far (no limit);
 * `node_limit`, stop after so many branch-and-bound nodes, the same plan on every run (no limit);
 * `seed` of the solver (0);
 * `references`, 1 if the plan compares itself with simple policies, else 0 (1).
 *
 * Any thread; a solve that runs keeps the settings it was started with. Errors: `ECA_STATUS_UNKNOWN` for another field,
 * `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `field` is NULL or ends with NUL.
 */
eca_status eca_settings_set_number(eca_settings *settings,
                                   const char *field,
                                   double value);

/**
 * Sets a choice: `engine` to `auto`, `greedy`, `exact`, `columns` or `fleet`; `solver` to `auto`, `highs` or `microlp`.
 *
 * Any thread; a solve that runs keeps the settings it was started with. Errors: `ECA_STATUS_UNKNOWN` for another field or
 * value, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `field` and `value` are NULL or end with NUL.
 */
eca_status eca_settings_set_text(eca_settings *settings,
                                 const char *field,
                                 const char *value);

/**
 * Frees settings. NULL is allowed.
 *
 * Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for settings that were freed before.
 */
eca_status eca_settings_free(eca_settings *settings);

/**
 * Settles an event (`eca-event/1`) from a meter file and a price file, CSV or JSON; gives the record
 * (`eca-event-record/1`) as one line of JSON. Free it with `eca_string_free`.
 *
 * `run` is `II`, `SF`, `R1`, `R2`, `R3`, `RF` or `DF`. `as_of` leaves out readings that arrived later (column
 * `received_at`); NULL takes all. Amounts in the record are whole numbers: Wh, µGBP, mg.
 *
 * The texts are copied. Any thread. Errors: `ECA_STATUS_DOCUMENT`, `_PARSE` with the line of a file, `_VALUE`,
 * `_UNKNOWN`, `_TIME`, `_GAP` for a baseline without enough days or a price that is not there;
 * `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `record` is NULL or points to a `char *`.
 */
eca_status eca_settle(const char *event_json,
                      const char *meters,
                      const char *prices,
                      const char *run,
                      const char *as_of,
                      char **record);

/**
 * Gives a record as a table for people, in MWh, GBP and kg. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * `record_json` is NULL or ends with NUL, `words` is NULL or points to a `char *`.
 */
eca_status eca_event_record_to_text(const char *record_json,
                                    char **words);

/**
 * Adds a record to a ledger, one record in each line; gives the new text. Free it with `eca_string_free`.
 *
 * A run of an event has one record for ever: another one for the same run, a run before the latest and a period that
 * another event of the meter has claimed are refused. The same record again changes nothing. `change` becomes JSON of
 * what changed against the run before, or `null`; it may be NULL itself.
 *
 * Any thread. Errors: `ECA_STATUS_VALUE` for what is refused, `ECA_STATUS_PARSE` with the line of the ledger,
 * `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, outputs are NULL or point to a `char *`.
 */
eca_status eca_ledger_append(const char *ledger,
                             const char *record_json,
                             char **appended,
                             char **change);

/**
 * Gives the months of a ledger, and of what a site consumed, as a JSON array. Free it with `eca_string_free`.
 *
 * `consumption` is CSV or JSON with `start, consumption_wh` and, where known, `carbon_g_per_kwh`, `generation_wh`,
 * `grid_cfe_frac`, `inferences`; NULL for none. `embodied_json` is what making the equipment emitted, such as
 * `{"total_kg": 1000, "life_h": 35040, "reserved_frac": 1}`, for the Software Carbon Intensity; NULL for none.
 *
 * Any thread. Errors: `ECA_STATUS_PARSE` with the line, `ECA_STATUS_DOCUMENT`, `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `months` is NULL or points to a `char *`.
 */
eca_status eca_settlement_report(const char *ledger,
                                 const char *consumption,
                                 const char *embodied_json,
                                 char **months);

/**
 * Gives what a region can give up in a period of a plan, worked out beforehand: the document `eca-shed-ladder/1`. Free it
 * with `eca_string_free`.
 *
 * `settings_json` has the seconds that devices take, such as `{"cap_s": 5, "pause_s": 60, "migrate_s": 120, "battery_s": 2}`;
 * NULL for these. `problem` is the one of the plan.
 *
 * Any thread. Errors: `ECA_STATUS_UNKNOWN` for a region that is not there, `ECA_STATUS_VALUE` for a period beyond the
 * horizon, `ECA_STATUS_MISMATCH` for a plan of another problem, `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`,
 * `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `ladder` is NULL or points to a `char *`.
 */
eca_status eca_plan_shed_ladder(const eca_plan *plan,
                                const eca_problem *problem,
                                const char *region,
                                size_t period,
                                const char *settings_json,
                                char **ladder);

/**
 * Gives the steps of a ladder that answer a request, with their seconds and cost, and the import over time, as JSON. No
 * solve: reading the ladder takes longer than the answer. Free it with `eca_string_free`.
 *
 * `request_json` is such as `{"power_mw": 6.3, "response_s": 30, "hold_s": 3600, "ramp_mw_per_min": 12,
 * "rebound_max_mw": 9}`; all but `power_mw` may be left out.
 *
 * Any thread. Errors: `ECA_STATUS_INFEASIBLE` with the reason where the ladder does not reach, `ECA_STATUS_VALUE`,
 * `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
 *
 * Pointers:
 * Texts are NULL or end with NUL, `answer` is NULL or points to a `char *`.
 */
eca_status eca_shed_ladder_answer(const char *ladder_json,
                                  const char *request_json,
                                  char **answer);

/**
 * Plans a problem. The plan has passed `eca_plan_check`. Free it with `eca_plan_free`.
 *
 * `settings`, `cancel` and `progress` may be NULL: defaults, cannot be stopped, says nothing. `userdata` is handed to
 * `progress` and not looked at. A `progress` that asks to stop also sets `cancel`. The call blocks; several threads may
 * solve at once, the same problem too. A plan that a limit or a cancellation left unproved is a success:
 * `eca_plan_outcome` and `eca_plan_gap` say how good it is.
 *
 * Errors: `ECA_STATUS_INFEASIBLE` naming the limits in conflict, `ECA_STATUS_CANCELLED` if it was stopped before a plan
 * was found, `ECA_STATUS_SOLVER`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * `plan` is NULL or points to an `eca_plan *`; `progress` and `userdata` can be used until the call returns.
 */
eca_status eca_problem_solve(const eca_problem *problem,
                             const eca_settings *settings,
                             const eca_cancel *cancel,
                             eca_progress_fn progress,
                             void *userdata,
                             eca_plan **plan);

/**
 * The stable name of a status, such as `infeasible`; `other` for a number that this version does not know.
 *
 * The text is static: never free it. Cannot fail; any thread.
 */
const char *eca_status_name(eca_status status);

/**
 * Frees a text that a function of this library gave through a `char **`. NULL is allowed.
 *
 * A text that is not (or no longer) one of the library's is refused without touching it. Any thread.
 * Errors: `ECA_STATUS_INVALID_HANDLE`.
 *
 * Pointers:
 * Nobody uses the text any more.
 */
eca_status eca_string_free(char *text);

/**
 * Reads an RFC 3339 instant such as `2026-03-02T00:00:00Z` into seconds since 1970-01-01T00:00:00Z.
 *
 * A time without an offset is refused: half a year of such data is one hour wrong in Great Britain. Any thread.
 * Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_TIME`.
 *
 * Pointers:
 * `instant` is NULL or ends with NUL, `unix_s` is NULL or points to an `int64_t`.
 */
eca_status eca_time_from_text(const char *instant,
                              int64_t *unix_s);

/**
 * Writes seconds since 1970-01-01T00:00:00Z as text such as `2026-03-02T00:00:00Z`. Free it with `eca_string_free`.
 *
 * Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_TIME` outside the years 1900 to 2199.
 *
 * Pointers:
 * `instant` is NULL or points to a `char *`.
 */
eca_status eca_time_to_text(int64_t unix_s,
                            char **instant);

/**
 * The ABI version of the library that is loaded; compare it with `ECA_ABI_VERSION`. Cannot fail; any thread.
 */
uint32_t eca_abi_version(void);

/**
 * Refuses a caller that was compiled with another header: call `eca_abi_check(ECA_ABI_VERSION)` once at the start.
 *
 * Any thread. Errors: `ECA_STATUS_WRONG_ABI`.
 */
eca_status eca_abi_check(uint32_t header_abi_version);

/**
 * The version of the library that is loaded, such as `0.1.0`. The text is static: never free it. Cannot fail; any thread.
 */
const char *eca_version(void);

/**
 * The version of the library that is loaded as `major * 1000000 + minor * 1000 + patch`. Cannot fail; any thread.
 */
uint32_t eca_version_number(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ECA_H */

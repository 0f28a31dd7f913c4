//! Writes a C program that misuses every function of the header: each pointer NULL in turn, each handle made up, of
//! another type and freed, each text not UTF-8, and a panic inside. A new function is misused as soon as it exists.

use crate::toolchain;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// A function of the header.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    status: bool,
    parameters: Vec<Parameter>,
}

#[derive(Debug)]
struct Parameter {
    /// The type without `const`, such as `eca_plan *` or `double`.
    c_type: String,
    name: String,
}

/// The functions that the header declares.
pub fn functions() -> Vec<Function> {
    let text = fs::read_to_string(toolchain::root().join("include/eca.h")).unwrap();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with(['*', '/', '#'])).collect();
    let code = code.join(" ");
    let statements = code.split([';', '{', '}']).map(str::trim);
    // `(*` stands in types and fields that are functions of the caller.
    let ours =
        |statement: &&str| statement.contains('(') && !statement.contains("(*") && !statement.starts_with("typedef");
    statements.filter(ours).map(function).collect()
}

fn function(statement: &str) -> Function {
    let (head, rest) = statement.split_once('(').unwrap();
    let name = head.rsplit([' ', '*']).next().unwrap().to_owned();
    let parameters = rest.trim_end_matches(')').split(',').map(str::trim).filter(|p| *p != "void").map(parameter);
    Function { name, status: head.starts_with("eca_status "), parameters: parameters.collect() }
}

fn parameter(text: &str) -> Parameter {
    let start = text.rfind([' ', '*']).unwrap() + 1;
    let c_type = text[..start].replace("const", "").split_whitespace().collect::<Vec<_>>().join(" ");
    Parameter { c_type, name: text[start..].to_owned() }
}

const HANDLES: [&str; 10] = [
    "eca_builder *",
    "eca_problem *",
    "eca_settings *",
    "eca_cancel *",
    "eca_plan *",
    "eca_conflict *",
    "eca_controller *",
    "eca_shadow *",
    "eca_step *",
    "eca_loop *",
];

/// Pointers that may be NULL.
const NULLABLE: [(&str, &str); 28] = [
    ("eca_problem_solve", "settings"),
    ("eca_problem_solve", "cancel"),
    ("eca_problem_solve", "progress"),
    ("eca_problem_solve", "userdata"),
    ("eca_problem_lowest_carbon", "settings"),
    ("eca_plan_check", "passed"),
    ("eca_plan_check", "report"),
    ("eca_plan_explain", "words"),
    ("eca_plan_service_inferences", "region_id"),
    ("eca_controller_new", "settings_json"),
    ("eca_controller_step", "uncertainty"),
    ("eca_controller_step", "cancel"),
    ("eca_shadow_new", "settings_json"),
    ("eca_plan_shed_ladder", "settings_json"),
    ("eca_loop_new", "settings_json"),
    ("eca_adapter_conformance", "stage"),
    ("eca_problem_offers", "settings"),
    ("eca_problem_check_offer", "settings"),
    ("eca_settle", "as_of"),
    ("eca_ledger_append", "change"),
    ("eca_settlement_report", "consumption"),
    ("eca_settlement_report", "embodied_json"),
    ("eca_offers_commitment", "penalty_json"),
    ("eca_baseline", "as_of"),
    ("eca_audit", "trust_json"),
    ("eca_audit", "since"),
    ("eca_audit", "passed"),
    ("eca_audit", "report"),
];

/// Field and, for texts, value that a function knows.
const FIELDS: [(&str, &str, &str); 17] = [
    ("eca_builder_region_set_series", "solar_mw", ""),
    ("eca_builder_region_set_number", "demand_charge_gbp_per_mw", ""),
    ("eca_builder_region_set_text", "gsp_group", "_C"),
    ("eca_builder_battery_set_number", "soc_mwh", ""),
    ("eca_builder_job_set_number", "tier", ""),
    ("eca_builder_job_set_time", "deadline", ""),
    ("eca_builder_job_set_text", "deadline_kind", "hard"),
    ("eca_builder_service_set_number", "latency_limit_ms", ""),
    ("eca_builder_service_set_region_number", "network_latency_ms", ""),
    ("eca_builder_carbon_cap_set_number", "limit", ""),
    ("eca_builder_carbon_cap_set_text", "kind", "strict"),
    ("eca_settings_set_number", "gap", ""),
    ("eca_settings_set_text", "engine", "auto"),
    ("eca_plan_region_series", "it_mw", ""),
    ("eca_plan_battery_series", "soc_mwh", ""),
    ("eca_plan_job_series", "power_mw", ""),
    ("eca_plan_job_number", "pauses", ""),
];

impl Function {
    fn may_be_null(&self, parameter: &Parameter) -> bool {
        let free = self.name.ends_with("_free");
        free || parameter.name == "written" || NULLABLE.contains(&(&*self.name, &*parameter.name))
    }

    /// A text that the function takes.
    fn good_text(&self, parameter: &str) -> String {
        let field = || FIELDS.iter().find(|known| known.0 == self.name);
        let text = match parameter {
            "region" | "region_id" => "london",
            "battery" | "battery_id" => "rack",
            "job" | "job_id" => "embed",
            "service" | "service_id" => "chat",
            "cap" => "day",
            "metric" => "kg",
            "request_json" if self.name.contains("_shed_") => r#"{\"power_mw\": 1.0}"#,
            "request_json" if self.name == "eca_baseline" => return "BASELINE_JSON".to_owned(),
            "request_json" => return "REQUEST_JSON".to_owned(),
            "offer_json" | "commitment_json" => return "OFFER_JSON".to_owned(),
            "offers_json" => return "OFFERS_JSON".to_owned(),
            "opportunity_json" => return "OPPORTUNITY_JSON".to_owned(),
            "target_json" => r#"{\"id\": \"t\", \"region\": \"london\", \"power_mw\": 1.0}"#,
            "embodied_json" => r#"{\"total_kg\": 1, \"life_h\": 1, \"reserved_frac\": 1}"#,
            "contributions_json" | "beneficiaries_json" => "[]",
            "allocation" => "equal",
            "id" => "sold",
            "event_json" => return "EVENT_JSON".to_owned(),
            "meters" => return "METERS_CSV".to_owned(),
            "prices" => return "PRICES_CSV".to_owned(),
            "record_json" => return "live_record".to_owned(),
            "run" => "SF",
            "as_of" => "2026-12-31T00:00:00Z",
            "ledger" => "",
            "folder" => ".",
            "trust_json" => return "TRUST_JSON".to_owned(),
            "since" => "a head",
            "consumption" => "start,consumption_wh\\n",
            "instant" | "now" => "2026-03-02T00:00:00Z",
            "path" if self.name == "eca_shadow_number" => "eca.cost_gbp",
            "path" => "totals.cost_gbp",
            "settings_json" | "uncertainty" | "penalty_json" => "{}",
            "like" => r#"{\"meter\": {}}"#,
            "ladder_json" => return "LADDER_JSON".to_owned(),
            "document" | "actual" => return "PROBLEM_JSON".to_owned(),
            "json" => return if self.name.contains("_plan_") { "PLAN_JSON" } else { "PROBLEM_JSON" }.to_owned(),
            "field" => field().unwrap_or_else(|| panic!("give FIELDS a field of {}", self.name)).1,
            "value" => field().unwrap_or_else(|| panic!("give FIELDS a value of {}", self.name)).2,
            other => panic!("no text for `{other}` of {}", self.name),
        };
        format!("\"{text}\"")
    }

    /// An argument that the function takes. Outputs are local variables named after the parameter.
    fn good(&self, p: &Parameter) -> String {
        match p.c_type.as_str() {
            t if HANDLES.contains(&t) => format!("live_{}", t.trim_end_matches(" *")),
            "char *" if self.name == "eca_string_free" => "live_text".to_owned(),
            "char *" => self.good_text(&p.name),
            "char * *" | "char **" if p.name == "regions" => "live_names".to_owned(),
            "double *" if ["values", "demand_inferences", "import_mwh"].contains(&&*p.name) => "live_values".to_owned(),
            "double *" | "int32_t *" if p.name == "buffer" => format!("out_{}", p.name),
            "size_t" if ["number", "period", "rung"].contains(&&*p.name) => "0".to_owned(),
            "size_t" if self.name.ends_with("_json_n") => format!("strlen({})", self.good_text("json")),
            "size_t" if self.parameters.iter().any(|p| p.name == "regions") => "1".to_owned(),
            "size_t" => "2".to_owned(),
            "double" => "1.0".to_owned(),
            "int64_t" => "1772409600".to_owned(),
            "uint32_t" if p.name == "step_min" => "30".to_owned(),
            "uint32_t" | "eca_status" => "0".to_owned(),
            "eca_adapter *" => "&live_adapter".to_owned(),
            "eca_stage *" => "NULL".to_owned(),
            "eca_progress_fn" | "void *" => "NULL".to_owned(),
            t if t.ends_with('*') => format!("&out_{}", p.name),
            other => panic!("no value for `{other} {}` of {}", p.name, self.name),
        }
    }

    /// Whether the argument is memory that the function writes to, and how many values it has.
    fn output(&self, p: &Parameter) -> Option<(String, &'static str)> {
        let good = self.good(p);
        let target = p.c_type.trim_end_matches('*').trim_end();
        let stars = p.c_type.matches('*').count();
        let c_type = if stars == 2 { format!("{target} *") } else { format!("{target} ") };
        (good.trim_start_matches('&') == format!("out_{}", p.name))
            .then_some((c_type, if good.starts_with('&') { "" } else { "[2]" }))
    }

    /// One call with one argument replaced; a failure leaves the outputs alone.
    fn case(&self, c: &mut String, replaced: Option<(&Parameter, String)>, status: &str, part: &str, before: &str) {
        let mut declared = String::new();
        let mut after = String::new();
        let mut arguments = Vec::new();
        for p in &self.parameters {
            if let Some((other, with)) = &replaced
                && other.name == p.name
            {
                arguments.push(with.clone());
                continue;
            }
            if let Some((c_type, size)) = self.output(p) {
                let variable = format!("out_{}", p.name);
                writeln!(declared, "    {c_type}{variable}{size};\n    memset(&{variable}, 0x55, sizeof {variable});")
                    .unwrap();
                writeln!(after, "    judge_untouched(&{variable}, sizeof {variable}, what);").unwrap();
            }
            arguments.push(self.good(p));
        }
        let call = format!("{}({})", self.name, arguments.join(", "));
        let what = format!("{call} {before}").replace('\\', "\\\\").replace('"', "'");
        writeln!(c, "  {{\n    const char *what = \"{what}\";\n{declared}    {before}").unwrap();
        if status == "OK" {
            after.clear();
        }
        writeln!(c, "    judge_status({call}, ECA_STATUS_{status}, \"{part}\", what);\n{after}  }}").unwrap();
    }

    fn misuse(&self, c: &mut String) {
        for p in self.parameters.iter().filter(|p| p.c_type.ends_with('*')) {
            let part = format!("`{}`", p.name);
            if !self.may_be_null(p) {
                self.case(c, Some((p, "NULL".into())), "NULL_ARGUMENT", &part, "");
            } else if self.name.ends_with("_free") {
                self.case(c, Some((p, "NULL".into())), "OK", "", "");
            }
            if let Some(kind) = HANDLES.iter().position(|t| *t == p.c_type) {
                let own = HANDLES[kind].trim_end_matches(" *");
                let other = HANDLES[(kind + 1) % HANDLES.len()].trim_end_matches(" *");
                let cast = |value: String| format!("({own} *)(void *){value}");
                self.case(
                    c,
                    Some((p, cast(format!("live_{other}")))),
                    "INVALID_HANDLE",
                    &format!("{part} is a handle of type {other}, not {own}"),
                    "",
                );
                self.case(
                    c,
                    Some((p, cast("&live_values[0]".into()))),
                    "INVALID_HANDLE",
                    &format!("{part} is not a handle of this library"),
                    "",
                );
                self.case(
                    c,
                    Some((p, format!("freed_{own}"))),
                    "INVALID_HANDLE",
                    &format!("{part} was freed before"),
                    "",
                );
            } else if p.c_type == "char *" && self.name != "eca_string_free" && !self.name.ends_with("_n") {
                self.case(
                    c,
                    Some((p, "\"ab\\xff\"".into())),
                    "INVALID_UTF8",
                    &format!("{part} is not UTF-8 at byte 2"),
                    "",
                );
            } else if self.output(p).is_some() && !p.c_type.starts_with("char") {
                let odd = format!("({})(void *)((char *)live_room + 1)", p.c_type);
                self.case(c, Some((p, odd)), "MISALIGNED", &part, "");
            }
        }
        writeln!(c, "#ifdef ECA_TEST_HOOKS").unwrap();
        self.case(c, None, "PANIC", "eca_test_panic_next", "eca_test_panic_next();");
        writeln!(c, "#endif").unwrap();
    }
}

const START: &str = r#"/* Written by eca-ffi/tests/c_abi/exports.rs. */
#include "check.h"
#include "fixture.h"

#ifdef ECA_TEST_HOOKS
void eca_test_panic_next(void);
#endif

static const char *silent(void *user_data, const char *request) {
  (void)user_data;
  (void)request;
  return NULL;
}

int main(void) {
  static const eca_adapter live_adapter = {sizeof(eca_adapter), NULL, silent, silent};
  eca_loop *live_eca_loop = NULL, *freed_eca_loop = NULL;
  static const double live_values[2] = {1.0, 2.0};
  static const char *const live_names[1] = {"london"};
  static double live_room[8];
  eca_builder *live_eca_builder = filled_builder(), *freed_eca_builder = filled_builder();
  eca_problem *live_eca_problem = NULL, *freed_eca_problem = NULL;
  eca_settings *live_eca_settings = NULL, *freed_eca_settings = NULL;
  eca_cancel *live_eca_cancel = NULL, *freed_eca_cancel = NULL;
  eca_plan *live_eca_plan = NULL, *freed_eca_plan = NULL;
  eca_conflict *live_eca_conflict = NULL, *freed_eca_conflict = NULL;
  eca_problem *conflicting = NULL;
  eca_controller *live_eca_controller = NULL, *freed_eca_controller = NULL;
  eca_shadow *live_eca_shadow = NULL, *freed_eca_shadow = NULL;
  eca_step *live_eca_step = NULL, *freed_eca_step = NULL;
  char *live_text = NULL;
  char *live_record = NULL;
  size_t live = 1;
  OK(eca_problem_from_json(PROBLEM_JSON, &live_eca_problem));
  OK(eca_problem_from_json(PROBLEM_JSON, &freed_eca_problem));
  OK(eca_loop_new(PROBLEM_JSON, NULL, &live_eca_loop));
  OK(eca_loop_new(PROBLEM_JSON, NULL, &freed_eca_loop));
  OK(eca_loop_free(freed_eca_loop));
  OK(eca_settings_new(&live_eca_settings));
  OK(eca_settings_new(&freed_eca_settings));
  OK(eca_cancel_new(&live_eca_cancel));
  OK(eca_cancel_new(&freed_eca_cancel));
  OK(eca_plan_from_json(PLAN_JSON, &live_eca_plan));
  OK(eca_plan_from_json(PLAN_JSON, &freed_eca_plan));
  OK(eca_problem_from_json(CONFLICT_JSON, &conflicting));
  OK(eca_problem_conflict(conflicting, &live_eca_conflict));
  OK(eca_problem_conflict(conflicting, &freed_eca_conflict));
  OK(eca_problem_free(conflicting));
  OK(eca_controller_new(NULL, &live_eca_controller));
  OK(eca_controller_new(NULL, &freed_eca_controller));
  OK(eca_shadow_new("{}", &live_eca_shadow));
  OK(eca_shadow_new("{}", &freed_eca_shadow));
  OK(eca_controller_step(freed_eca_controller, 1772409600, PROBLEM_JSON, NULL, NULL, &live_eca_step));
  OK(eca_controller_step(freed_eca_controller, 1772409600, PROBLEM_JSON, NULL, NULL, &freed_eca_step));
  OK(eca_plan_to_text(live_eca_plan, &live_text));
  OK(eca_settle(EVENT_JSON, METERS_CSV, PRICES_CSV, "SF", NULL, &live_record));
  OK(eca_builder_free(freed_eca_builder));
  OK(eca_problem_free(freed_eca_problem));
  OK(eca_settings_free(freed_eca_settings));
  OK(eca_cancel_free(freed_eca_cancel));
  OK(eca_plan_free(freed_eca_plan));
  OK(eca_conflict_free(freed_eca_conflict));
  OK(eca_controller_free(freed_eca_controller));
  OK(eca_shadow_free(freed_eca_shadow));
  OK(eca_step_free(freed_eca_step));
"#;

const END: &str = r#"  /* Nothing that was refused has changed or freed anything. */
  OK(eca_loop_free(live_eca_loop));
  OK(eca_step_free(live_eca_step));
  OK(eca_shadow_free(live_eca_shadow));
  OK(eca_controller_free(live_eca_controller));
  OK(eca_conflict_free(live_eca_conflict));
  OK(eca_plan_free(live_eca_plan));
  OK(eca_cancel_free(live_eca_cancel));
  OK(eca_settings_free(live_eca_settings));
  OK(eca_problem_free(live_eca_problem));
  OK(eca_builder_free(live_eca_builder));
  OK(eca_string_free(live_record));
  OK(eca_string_free(live_text));
  EXPECT(eca_string_free(live_text), ECA_STATUS_INVALID_HANDLE, "was freed before");
  EXPECT(eca_string_free((char *)(void *)live_room), ECA_STATUS_INVALID_HANDLE, "not a text of this library");
  OK(eca_live_count(&live));
  TRUE(live == 0);
  return finish("exports");
}
"#;

/// Writes the program and tells where it is.
pub fn write_misuse_program() -> PathBuf {
    let mut c = START.to_owned();
    for function in functions() {
        if function.status {
            function.misuse(&mut c);
        } else {
            let arguments: Vec<String> = function.parameters.iter().map(|p| function.good(p)).collect();
            let call = format!("{}({})", function.name, arguments.join(", "));
            writeln!(c, "#ifdef ECA_TEST_HOOKS\n  eca_test_panic_next();\n  (void){call};\n#endif\n  (void){call};")
                .unwrap();
        }
    }
    c.push_str(END);
    toolchain::written("exports.c", &c)
}

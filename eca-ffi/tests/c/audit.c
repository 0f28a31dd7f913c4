/* The log of docs/format/vectors, verified from its files. The folder is the argument. */
#include "check.h"
#include "fixture.h"

static int has(const char *text, const char *part) { return text != NULL && strstr(text, part) != NULL; }

/* The text of a file of the folder; the caller frees it. */
static char *read_text(const char *folder, const char *name) {
  char path[4096];
  char *text = calloc(1, 1 << 20);
  FILE *file = NULL;
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "rb");
  if (text == NULL || file == NULL) abort();
  (void)fread(text, 1, (1 << 20) - 1, file);
  (void)fclose(file);
  return text;
}

int main(int argc, char **argv) {
  char log[4096];
  char *report = NULL;
  char *trust = NULL;
  char *earlier = NULL;
  int32_t passed = 7;
  if (argc != 2) return 2;
  (void)snprintf(log, sizeof log, "%s/log", argv[1]);
  trust = read_text(argv[1], "trust.json");
  earlier = read_text(argv[1], "earlier-checkpoint");

  OK(eca_audit(log, trust, earlier, &passed, &report));
  TRUE(passed == 1);
  TRUE(has(report, "\"passed\":true") && has(report, "\"trusted\":true") && has(report, "\"records\":16"));
  TRUE(has(report, "settlements computed again to the unit") && has(report, "no Wh twice"));
  OK(eca_string_free(report));

  /* Without keys from outside a log agrees with itself at best. */
  OK(eca_audit(log, NULL, NULL, &passed, NULL));
  TRUE(passed == 0);
  /* A head of another size, and keys that know the log but none of the others. */
  OK(eca_audit(log, trust, "log.example.org/eca/2026\n99\n\n", &passed, &report));
  TRUE(passed == 0 && has(report, "earlier head"));
  OK(eca_string_free(report));
  OK(eca_audit(log, TRUST_JSON, NULL, &passed, &report));
  TRUE(passed == 0 && has(report, "is not a trusted"));
  OK(eca_string_free(report));
  report = NULL;

  EXPECT(eca_audit("/nowhere", trust, NULL, &passed, &report), ECA_STATUS_PARSE, "/nowhere");
  EXPECT(eca_audit(log, "{}", NULL, &passed, &report), ECA_STATUS_DOCUMENT, "trust file");
  EXPECT(eca_audit(NULL, trust, NULL, &passed, &report), ECA_STATUS_NULL_ARGUMENT, "`folder`");
  TRUE(report == NULL);
  free(trust);
  free(earlier);
  return finish("audit");
}

/* What the C tests share: a case has a status and parts of its message. Included once in each program. */
#ifndef ECA_TEST_CHECK_H
#define ECA_TEST_CHECK_H

#include "eca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cases = 0;
static int failures = 0;

/* Counts a case; a wrong one says what was called. */
static inline void judge(int good, const char *what, const char *detail) {
  cases += 1;
  if (!good) {
    failures += 1;
    fprintf(stderr, "FAILED %s: %s\n", what, detail);
  }
}

/* A call has this status and, if it failed, a message with this part. */
static inline void judge_status(eca_status found, eca_status wanted, const char *part, const char *what) {
  char detail[1024];
  const char *message = found == ECA_STATUS_OK ? "" : eca_last_error();
  snprintf(detail, sizeof detail, "status %s, not %s; message: %s; wanted in it: %s", eca_status_name(found),
           eca_status_name(wanted), message, part);
  judge(found == wanted && (found == ECA_STATUS_OK || (message[0] != '\0' && strstr(message, part) != NULL)), what,
        detail);
}

#define EXPECT(call, status, part) judge_status((call), (status), (part), #call)
#define OK(call) judge_status((call), ECA_STATUS_OK, "", #call)
#define TRUE(condition) judge((condition) ? 1 : 0, #condition, "is false")

/* All bytes of a result are as they were before a call that failed. */
static inline void judge_untouched(const void *result, size_t size, const char *what) {
  const unsigned char *bytes = (const unsigned char *)result;
  int same = 1;
  for (size_t i = 0; i < size; i++) same = same && bytes[i] == 0x55;
  judge(same, what, "a failed call wrote to its output");
}

/* Last line and exit code of a program. */
static inline int finish(const char *program) {
  printf("%s: %d cases, %d failed\n", program, cases, failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

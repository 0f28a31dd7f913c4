/* A child of fork() can solve: after solves in the parent, and while other threads of the parent are inside the library. */
#include "solving.h"

#include <pthread.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN = 100 };

static volatile int stop = 0;

/* Takes and releases the locks of the library as often as it can. */
static void *keep_busy(void *unused) {
  (void)unused;
  while (!stop) {
    eca_cancel *cancel = NULL;
    char *text = NULL;
    if (eca_cancel_new(&cancel) != ECA_STATUS_OK || eca_time_to_text(0, &text) != ECA_STATUS_OK ||
        eca_string_free(text) != ECA_STATUS_OK || eca_cancel_free(cancel) != ECA_STATUS_OK)
      abort();
  }
  return NULL;
}

/* What a child says: 0 solved, 1 solved wrongly, 2 refused because of the fork. */
static int child(void) {
  eca_problem *problem = NULL;
  alarm(10); /* A child that hangs is killed, and the parent sees it. */
  if (eca_problem_from_json(PROBLEM_JSON, &problem) == ECA_STATUS_WRONG_PROCESS) return 2;
  (void)eca_problem_free(problem);
  if (solved_well()) return 0;
  return strstr(eca_last_error(), "forked") != NULL ? 2 : 1;
}

static void children(const char *when, int most_refused) {
  int solved = 0, refused = 0, other = 0;
  for (int i = 0; i < CHILDREN; i++) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) _exit(child());
    TRUE(pid > 0 && waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) solved += 1;
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 2) refused += 1;
    else other += 1;
  }
  printf("%s: %d children solved, %d refused, %d failed or hung\n", when, solved, refused, other);
  TRUE(other == 0);
  TRUE(refused <= most_refused);
}

int main(void) {
  pthread_t busy;
  TRUE(solved_well());
  children("after a solve", 0);
  TRUE(pthread_create(&busy, NULL, keep_busy, NULL) == 0);
  children("while a thread is inside", CHILDREN);
  stop = 1;
  pthread_join(busy, NULL);
  TRUE(solved_well());
  return finish("forks");
}

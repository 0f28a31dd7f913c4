#include "two_units.h"
#include "check.h"

int main(void) {
  char composed[64];
  snprintf(composed, sizeof composed, "%u.%u.%u", (unsigned)ECA_VERSION_MAJOR, (unsigned)ECA_VERSION_MINOR,
           (unsigned)ECA_VERSION_PATCH);
  TRUE(strcmp(eca_version(), composed) == 0);
  TRUE(ECA_VERSION_NUMBER == ECA_VERSION_MAJOR * 1000000 + ECA_VERSION_MINOR * 1000 + ECA_VERSION_PATCH);
  TRUE(eca_version_number() == ECA_VERSION_NUMBER);
  TRUE(number_seen_by_the_other_unit() == ECA_VERSION_NUMBER);
  /* Each part has its own place: a part that is written twice would show here. */
  TRUE(eca_version_number() / 1000000 == ECA_VERSION_MAJOR);
  TRUE(eca_version_number() / 1000 % 1000 == ECA_VERSION_MINOR);
  TRUE(eca_version_number() % 1000 == ECA_VERSION_PATCH);
  TRUE(eca_abi_version() == ECA_ABI_VERSION);
  OK(eca_abi_check(ECA_ABI_VERSION));
  EXPECT(eca_abi_check(ECA_ABI_VERSION + 1), ECA_STATUS_WRONG_ABI, "compile with the header of the library");
  TRUE(sizeof(eca_status) == 4);
  return finish("two_units");
}

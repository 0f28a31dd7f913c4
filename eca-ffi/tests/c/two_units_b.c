#include "two_units.h"

uint32_t number_seen_by_the_other_unit(void) { return ECA_VERSION_NUMBER; }

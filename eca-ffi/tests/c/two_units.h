/* The header is included in two files, twice in each, as C and as C++. */
#include "eca.h"
#include "eca.h"

uint32_t number_seen_by_the_other_unit(void);

#include <stddef.h>

/// The number of events that libyaml finds in the bytes, or -1 where they are no YAML. Nothing else is done with them.
long scan_events(const unsigned char *bytes, size_t count);
